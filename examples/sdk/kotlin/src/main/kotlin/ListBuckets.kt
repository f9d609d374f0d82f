import aws.sdk.kotlin.services.s3.S3Client
import aws.sdk.kotlin.services.s3.paginators.listBucketsPaginated
import aws.sdk.kotlin.services.sts.StsClient
import aws.sdk.kotlin.services.sts.getCallerIdentity
import kotlinx.coroutines.delay

/** Prints who I am, and the buckets that I see; with a number, that often, a second apart. */
suspend fun main(args: Array<String>) {
    val times = args.firstOrNull()?.toInt() ?: 1
    StsClient.fromEnvironment().use { sts ->
        S3Client.fromEnvironment().use { s3 ->
            repeat(times) { time ->
                if (time > 0) delay(1000)
                println(sts.getCallerIdentity {}.arn)
                s3.listBucketsPaginated().collect { page -> page.buckets?.forEach { println(it.name) } }
            }
        }
    }
}
