import com.amazonaws.client.builder.AwsClientBuilder;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.amazonaws.services.securitytoken.AWSSecurityTokenService;
import com.amazonaws.services.securitytoken.AWSSecurityTokenServiceClientBuilder;
import com.amazonaws.services.securitytoken.model.GetCallerIdentityRequest;

/** Prints who I am, and the buckets that I see; with a number, that often, a second apart. */
public final class ListBuckets {
    public static void main(String[] args) throws InterruptedException {
        int times = args.length > 0 ? Integer.parseInt(args[0]) : 1;
        AWSSecurityTokenService sts = client(AWSSecurityTokenServiceClientBuilder.standard());
        AmazonS3 s3 = client(AmazonS3ClientBuilder.standard());
        for (int time = 0; time < times; time++) {
            if (time > 0) {
                Thread.sleep(1000);
            }
            System.out.println(sts.getCallerIdentity(new GetCallerIdentityRequest()).getArn());
            s3.listBuckets().forEach(bucket -> System.out.println(bucket.getName()));
        }
    }

    /** This SDK does not read AWS_ENDPOINT_URL by itself. */
    private static <T> T client(AwsClientBuilder<?, T> builder) {
        String url = System.getenv("AWS_ENDPOINT_URL");
        if (url != null) {
            builder.setEndpointConfiguration(new EndpointConfiguration(url, System.getenv("AWS_REGION")));
        }
        return builder.build();
    }
}
