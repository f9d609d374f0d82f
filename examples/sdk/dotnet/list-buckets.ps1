# Prints who I am, and the buckets that I see; with a number, that often, a second apart.
param([string] $Folder, [int] $Rounds = 1)
$ErrorActionPreference = 'Stop'
foreach ($name in 'Extensions.Numerics', 'Core', 'SecurityToken', 'S3') { Add-Type -Path "$Folder/AWSSDK.$name.dll" }

# The answer to a request. While the SDK runs its process behind one, it may sign that with the new key and the old
# token: once more, then.
function Get-Answer([scriptblock] $Ask) {
    try {
        return (& $Ask).GetAwaiter().GetResult()
    } catch {
        if ($_.Exception.Message -notmatch 'provided token is malformed|security token .* is invalid') { throw }
        return (& $Ask).GetAwaiter().GetResult()
    }
}

try {
    $sts = [Amazon.SecurityToken.AmazonSecurityTokenServiceClient]::new()
    $s3 = [Amazon.S3.AmazonS3Client]::new()
    for ($round = 0; $round -lt $Rounds; $round++) {
        if ($round -gt 0) { Start-Sleep -Seconds 1 }
        $asked = [Amazon.SecurityToken.Model.GetCallerIdentityRequest]::new()
        [Console]::Out.WriteLine((Get-Answer { $sts.GetCallerIdentityAsync($asked) }).Arn)
        foreach ($bucket in (Get-Answer { $s3.ListBucketsAsync() }).Buckets) {
            [Console]::Out.WriteLine($bucket.BucketName)
        }
    }
} catch {
    # The SDK wraps what its process says, more than once.
    for ($error_ = $_.Exception; $null -ne $error_; $error_ = $error_.InnerException) {
        [Console]::Error.WriteLine("$($error_.GetType().Name): $($error_.Message)")
    }
    exit 1
}
