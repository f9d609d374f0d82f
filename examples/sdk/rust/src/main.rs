//! Who I am, and the buckets that I see; with a number, that often, a second apart.
use std::{env, error::Error, time::Duration};

use aws_config::BehaviorVersion;
use aws_smithy_http_client::{Builder, tls};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let times: u32 = env::args().nth(1).map_or(Ok(1), |number| number.parse())?;
    let https = Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(https).load().await;
    let (sts, s3) = (aws_sdk_sts::Client::new(&config), aws_sdk_s3::Client::new(&config));
    for time in 0..times {
        if time > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let identity = sts.get_caller_identity().send().await?;
        println!("{}", identity.arn().unwrap_or_default());
        let answer = s3.list_buckets().send().await?;
        for bucket in answer.buckets() {
            println!("{}", bucket.name().unwrap_or_default());
        }
    }
    Ok(())
}
