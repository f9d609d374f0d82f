# Prints who I am, and the buckets that I see; with a number, that often, a second apart.
require "aws-sdk-s3" # brings Aws::STS too

$stdout.sync = true
# Newer releases read AWS_ENDPOINT_URL by themselves.
options = ENV.key?("AWS_ENDPOINT_URL") ? { endpoint: ENV["AWS_ENDPOINT_URL"] } : {}
begin
  sts = Aws::STS::Client.new(**options)
  s3 = Aws::S3::Client.new(**options)
  Integer(ARGV.fetch(0, 1)).times do |time|
    sleep 1 if time.positive?
    puts sts.get_caller_identity.arn
    s3.list_buckets.buckets.each { |bucket| puts bucket.name }
  end
rescue RuntimeError => e # all of the SDK's errors are
  abort e.message
end
