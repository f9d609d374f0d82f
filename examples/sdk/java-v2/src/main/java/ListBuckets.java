import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;

/** Prints who I am, and the buckets that I see; with a number, that often, a second apart. */
public final class ListBuckets {
    public static void main(String[] args) throws InterruptedException {
        int times = args.length > 0 ? Integer.parseInt(args[0]) : 1;
        try (StsClient sts = StsClient.create(); S3Client s3 = S3Client.create()) {
            for (int time = 0; time < times; time++) {
                if (time > 0) {
                    Thread.sleep(1000);
                }
                System.out.println(sts.getCallerIdentity().arn());
                s3.listBucketsPaginator().buckets().forEach(bucket -> System.out.println(bucket.name()));
            }
        }
    }
}
