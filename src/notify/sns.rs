//! Alerts to one SNS topic, on which each subscription's filter picks its
//! person and its channel. This file must not know why it rings.

use std::collections::HashMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::json;

use super::{Notify, NotifyError};
use crate::message::{self, Alert, Facts};

/// Publishes to one SNS topic, on which each subscription's filter picks its
/// person and channel.
#[derive(Debug, Clone)]
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    /// The topic of that ARN.
    pub fn new(client: Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }

    async fn send(
        &self,
        facts: &Facts,
        alert: &Alert,
        subject: &str,
    ) -> Result<(), SdkError<PublishError>> {
        let attributes = attributes(facts, alert).map_err(SdkError::construction_failure)?;
        self.client
            .publish()
            .topic_arn(&self.arn)
            .subject(subject)
            .message_structure("json")
            .message(body(alert).to_string())
            .set_message_attributes(Some(attributes))
            .send()
            .await?;
        Ok(())
    }
}

impl Notify for Topic {
    async fn publish(&self, facts: &Facts, alert: &Alert) -> Result<(), NotifyError> {
        match self.send(facts, alert, &alert.subject).await {
            // Some endpoints still want a subject in ASCII.
            Err(error) if code(&error) == "InvalidParameter" => {
                self.send(facts, alert, &alert.subject_ascii).await.map_err(|error| fault(&error))
            }
            other => other.map_err(|error| fault(&error)),
        }
    }
}

/// One text for each protocol that a subscription may have.
fn body(alert: &Alert) -> serde_json::Value {
    let machine = alert.json.to_string();
    let mut body = json!({
        "default": alert.email,
        "email": alert.email,
        "email-json": machine,
        "http": machine,
        "https": machine,
        "lambda": machine,
        "sqs": machine,
    });
    if let (Some(sms), Some(texts)) = (&alert.sms, body.as_object_mut()) {
        texts.insert("sms".to_owned(), json!(sms));
    }
    body
}

/// The channels that an alert is made for, by which subscriptions filter.
fn channels(alert: &Alert) -> &'static [&'static str] {
    if alert.sms.is_some() { &["email", "sms"] } else { &["email"] }
}

fn attributes(
    facts: &Facts,
    alert: &Alert,
) -> Result<HashMap<String, MessageAttributeValue>, aws_sdk_sns::error::BuildError> {
    let value = |data_type: &str, value: String| {
        MessageAttributeValue::builder().data_type(data_type).string_value(value).build()
    };
    let severity = message::severity(facts).as_str();
    Ok(HashMap::from([
        ("person".to_owned(), value("String", facts.person.clone())?),
        ("service".to_owned(), value("String", facts.service_key.clone())?),
        ("alert".to_owned(), value("String", facts.alert.as_str().to_owned())?),
        ("phase".to_owned(), value("String", facts.phase.as_str().to_owned())?),
        ("severity".to_owned(), value("String", severity.to_owned())?),
        ("channels".to_owned(), value("String.Array", json!(channels(alert)).to_string())?),
        ("AWS.SNS.SMS.SMSType".to_owned(), value("String", "Transactional".to_owned())?),
    ]))
}

fn code(error: &SdkError<PublishError>) -> &str {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default()
}

/// The message of the service is left out: it may quote what was sent.
fn fault(error: &SdkError<PublishError>) -> NotifyError {
    let code = code(error).to_owned();
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            if status >= 500 || status == 429 || code.contains("Throttl") {
                NotifyError::Transient(code)
            } else {
                NotifyError::Permanent(code)
            }
        }
        SdkError::ConstructionFailure(_) => {
            NotifyError::Permanent("the request could not be built".to_owned())
        }
        SdkError::TimeoutError(_) => NotifyError::Transient("time-out".to_owned()),
        SdkError::DispatchFailure(_) => NotifyError::Transient("no connection".to_owned()),
        _ => NotifyError::Transient("a broken answer".to_owned()),
    }
}
