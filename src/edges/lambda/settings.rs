//! What a deployment sets: the function's environment, read once at the start.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

use crate::ledger::CALL_SECONDS_MAX;

/// What a deployment has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `HANSHO_TABLE`: the name of the table.
    pub table: String,
    /// `HANSHO_TOPIC_ARN`: the topic of alerts.
    pub topic_arn: String,
    /// `HANSHO_OPS_TOPIC_ARN`: the deployer's topic; without it only the person
    /// is told of a lost subscription.
    pub ops_topic_arn: Option<String>,
    /// `HANSHO_POLICY`: `s3://bucket/key` of the policy; without it everything
    /// is for one person, with the defaults.
    pub policy: Option<(String, String)>,
    /// `HANSHO_KEY_PREFIX`: mails lie under it; `mail/` by default.
    pub key_prefix: String,
    /// `HANSHO_DELETE_SETTLED`: whether a mail is deleted once it is settled;
    /// `true` by default.
    pub delete_settled: bool,
    /// `HANSHO_LEASE_SECONDS`: nobody else sends a claimed alert for so long;
    /// 60 s by default, and longer than the function's time-out.
    pub lease_ms: i64,
}

/// A setting that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} {problem}")]
pub struct SettingsError {
    name: &'static str,
    problem: &'static str,
}

impl Settings {
    /// Reads the settings by name, as from the environment.
    ///
    /// # Errors
    /// [`SettingsError`] names the variable and what is wrong with it.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let set = |name: &'static str| variable(name).filter(|value| !value.is_empty());
        let required = |name| set(name).ok_or(SettingsError { name, problem: "is not set" });
        let wrong = |name, problem| SettingsError { name, problem };
        let policy = match set("HANSHO_POLICY") {
            None => None,
            Some(place) => {
                let parts = place.strip_prefix("s3://").and_then(|place| place.split_once('/'));
                let (bucket, key) =
                    parts.ok_or(wrong("HANSHO_POLICY", "is not of the form s3://bucket/key"))?;
                Some((bucket.to_owned(), key.to_owned()))
            }
        };
        let delete_settled = match set("HANSHO_DELETE_SETTLED").as_deref() {
            None | Some("true") => true,
            Some("false") => false,
            Some(_) => return Err(wrong("HANSHO_DELETE_SETTLED", "is neither true nor false")),
        };
        let lease_seconds: i64 = match set("HANSHO_LEASE_SECONDS") {
            None => 60,
            Some(text) => text.parse().ok().filter(|seconds| (1..=3600).contains(seconds)).ok_or(
                wrong("HANSHO_LEASE_SECONDS", "is not a number of seconds between 1 and 3600"),
            )?,
        };
        Ok(Self {
            table: required("HANSHO_TABLE")?,
            topic_arn: required("HANSHO_TOPIC_ARN")?,
            ops_topic_arn: set("HANSHO_OPS_TOPIC_ARN"),
            policy,
            key_prefix: variable("HANSHO_KEY_PREFIX").unwrap_or_else(|| "mail/".to_owned()),
            delete_settled,
            lease_ms: lease_seconds * 1000,
        })
    }
}

/// The configuration of the AWS clients. In Lambda, credentials stand in the
/// environment and nowhere else, so nothing else is looked for.
pub(super) async fn aws_config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(CALL_SECONDS_MAX)
        .build();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts)
        .load()
        .await
}
