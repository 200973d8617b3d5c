//! A function that builds the three clients hansho needs, as the SDK's own
//! guide does, and nothing else.

use aws_config::BehaviorVersion;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
    let s3 = aws_sdk_s3::Client::new(&config);
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    let sns = aws_sdk_sns::Client::new(&config);
    run(service_fn(async |_: LambdaEvent<Value>| {
        let regions = [s3.config().region(), dynamodb.config().region(), sns.config().region()];
        Ok::<_, Error>(json!(regions.iter().flatten().map(|region| region.as_ref()).collect::<Vec<_>>()))
    }))
    .await
}
