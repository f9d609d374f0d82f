// Prints who I am, and the buckets that I see; with a number, that often, a second apart.
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";

// From where build.sh has put the packages; in a project of your own: import { S3Client, ... } from "@aws-sdk/client-s3".
const require = createRequire(`${process.argv[2]}/`);
const { S3Client, ListBucketsCommand } = require("@aws-sdk/client-s3");
const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");

const sts = new STSClient();
const s3 = new S3Client();
try {
  for (let round = 0; round < Number(process.argv[3] ?? 1); round++) {
    if (round > 0) await setTimeout(1000);
    console.log((await sts.send(new GetCallerIdentityCommand())).Arn);
    for (const bucket of (await s3.send(new ListBucketsCommand())).Buckets ?? []) console.log(bucket.Name);
  }
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
