//! A deployed stack: found by its name, read from its outputs, reached through
//! the clients of one configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// Which stack.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The name of the stack
    #[arg(long, value_name = "NAME", default_value = "hansho")]
    stack: String,
    /// The region; by default that of the AWS configuration
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

/// A stack that was found, and the clients to reach its parts.
pub(super) struct Deployment {
    pub(super) stack: String,
    pub(super) region: String,
    /// What CloudFormation says of it, such as `UPDATE_COMPLETE`.
    pub(super) status: String,
    outputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) dynamodb: aws_sdk_dynamodb::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) ses: aws_sdk_ses::Client,
    pub(super) sns: aws_sdk_sns::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
}

impl Place {
    /// Finds the stack.
    pub(super) async fn find(&self) -> anyhow::Result<Deployment> {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(10))
            .operation_timeout(Duration::from_secs(30))
            .build();
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .timeout_config(timeouts)
            .region(self.region.clone().map(Region::new));
        let config = match &self.region {
            Some(_) => config.load().await,
            // Without one given, the environment and the profile are asked.
            None => {
                let chain = aws_config::default_provider::region::default_provider();
                config.region(chain).load().await
            }
        };
        let region =
            config.region().context("no region: give --region, or set AWS_REGION")?.to_string();
        let asked = aws_sdk_cloudformation::Client::new(&config)
            .describe_stacks()
            .stack_name(&self.stack)
            .send()
            .await
            .map_err(said)
            .with_context(|| format!("the stack {} in {region} cannot be read", self.stack))?;
        let found = asked.stacks().first().context("CloudFormation names no stack")?;
        let pairs =
            |key: Option<&str>, value: Option<&str>| Some((key?.to_owned(), value?.to_owned()));
        Ok(Deployment {
            stack: self.stack.clone(),
            status: found.stack_status().map(|s| s.as_str().to_owned()).unwrap_or_default(),
            outputs: found
                .outputs()
                .iter()
                .filter_map(|output| pairs(output.output_key(), output.output_value()))
                .collect(),
            parameters: found
                .parameters()
                .iter()
                .filter_map(|set| pairs(set.parameter_key(), set.parameter_value()))
                .collect(),
            region,
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            s3: aws_sdk_s3::Client::new(&config),
            ses: aws_sdk_ses::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
        })
    }
}

impl Deployment {
    /// What the stack says of itself under this name.
    pub(super) fn output(&self, name: &str) -> anyhow::Result<&str> {
        self.outputs.get(name).map(String::as_str).with_context(|| {
            format!("the stack {} has no output {name}; deploy it again", self.stack)
        })
    }

    /// The domain that receives.
    pub(super) fn mail_domain(&self) -> anyhow::Result<&str> {
        self.parameters.get("MailDomain").map(String::as_str).with_context(|| {
            format!("the stack {} has no parameter MailDomain; is it hansho?", self.stack)
        })
    }

    /// A parameter of the deployment, where it is set.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// What AWS has said to a call that failed, for whoever deploys.
pub(super) fn said<E, R>(error: SdkError<E, R>) -> anyhow::Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    match error.as_service_error().and_then(|service| service.code()) {
        Some(code) => {
            let message = error.as_service_error().and_then(|service| service.message());
            anyhow!("{code}: {}", message.unwrap_or("AWS says no more"))
        }
        None => anyhow!("{}", DisplayErrorContext(&error)),
    }
}
