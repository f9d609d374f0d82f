// Prints who I am, and the buckets that I see; with a number, that often, a second apart.
const { setTimeout } = require("node:timers/promises");
const { createRequire } = require("node:module");

// Without this the SDK does not look at the config file; it must be there before the SDK is loaded.
process.env.AWS_SDK_LOAD_CONFIG = "1";
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
// From where build.sh has put the package; in a project of your own: require("aws-sdk").
const AWS = createRequire(`${process.argv[2]}/`)("aws-sdk");

async function main() {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  const sts = new AWS.STS({ endpoint });
  const s3 = new AWS.S3({ endpoint });
  for (let round = 0; round < Number(process.argv[3] ?? 1); round++) {
    if (round > 0) await setTimeout(1000);
    console.log((await sts.getCallerIdentity().promise()).Arn);
    for (const bucket of (await s3.listBuckets().promise()).Buckets) console.log(bucket.Name);
  }
}

main().catch((error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
});
