//! Once an hour the function looks whether everybody is still subscribed. Whose
//! subscription has gone is told on the other channel, and the deployer on the
//! ops topic: an alert that reaches nobody is the one fault nobody would notice.

use std::collections::HashMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::json;
use tracing::{error, info};

use crate::edges::subscriptions::{self, SubscriptionsError};
use crate::ledger::{Ledger, LedgerError};
use crate::message::{Channel, Loss, lost};
use crate::policy::{Person, Policy};

/// What the heartbeat needs of a deployment.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// SNS.
    pub client: Client,
    /// The topic of alerts.
    pub alerts: String,
    /// The deployer's topic, if there is one.
    pub ops: Option<String>,
}

/// Why nobody could look.
#[derive(Debug, thiserror::Error)]
pub enum HeartbeatError {
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// SNS failed.
    #[error(transparent)]
    Subscriptions(#[from] SubscriptionsError),
}

impl Heartbeat {
    /// Looks, if nobody else has in this hour. Says how many channels were
    /// found lost and told of.
    ///
    /// # Errors
    /// [`HeartbeatError`] if it could not look; it is done again in an hour.
    pub async fn beat(
        &self,
        ledger: &Ledger,
        policy: &Policy,
        now_ms: i64,
    ) -> Result<u32, HeartbeatError> {
        if !ledger.take_hour(now_ms).await? {
            return Ok(0);
        }
        let all = subscriptions::of_topic(&self.client, &self.alerts).await?;
        let mut told = 0;
        for person in &policy.people {
            let reached = |channel: Channel| {
                all.iter().any(|one| one.protocol == channel.as_str() && one.reaches(&person.id))
            };
            for channel in Channel::ALL {
                let before = ledger.was_subscribed(&person.id, channel.as_str()).await?;
                let now = reached(channel);
                if before == Some(true) && !now {
                    // Told first and remembered then: better twice than never.
                    if !self.tell(person, channel, reached(channel.other())).await {
                        continue;
                    }
                    told += 1;
                }
                if before.unwrap_or(false) != now {
                    ledger.remember_subscribed(&person.id, channel.as_str(), now, now_ms).await?;
                }
            }
        }
        Ok(told)
    }

    /// Tells the person, where they can still be reached, and the deployer.
    /// Says whether anybody has been told.
    async fn tell(&self, person: &Person, channel: Channel, reachable: bool) -> bool {
        let loss = lost(channel, person.audience.language);
        let mut told = false;
        if reachable {
            told |= heard(self.tell_person(person, channel.other(), &loss).await);
        }
        if self.ops.is_some() {
            told |= heard(self.tell_ops(person, channel, reachable).await);
        }
        info!(
            person.id = person.id,
            channel = channel.as_str(),
            told,
            "a person is no longer subscribed"
        );
        told
    }

    async fn tell_person(
        &self,
        person: &Person,
        channel: Channel,
        loss: &Loss,
    ) -> Result<(), SdkError<PublishError>> {
        let message = json!({"default": loss.email, "email": loss.email, "sms": loss.sms});
        let value = |data_type: &str, value: String| {
            MessageAttributeValue::builder().data_type(data_type).string_value(value).build()
        };
        let attributes = [
            ("person", value("String", person.id.clone())),
            ("channels", value("String.Array", json!([channel.as_str()]).to_string())),
            ("AWS.SNS.SMS.SMSType", value("String", "Transactional".to_owned())),
        ];
        let mut all = HashMap::new();
        for (name, attribute) in attributes {
            all.insert(name.to_owned(), attribute.map_err(SdkError::construction_failure)?);
        }
        self.client
            .publish()
            .topic_arn(&self.alerts)
            .subject(loss.subject)
            .message_structure("json")
            .message(message.to_string())
            .set_message_attributes(Some(all))
            .send()
            .await?;
        Ok(())
    }

    async fn tell_ops(
        &self,
        person: &Person,
        channel: Channel,
        reachable: bool,
    ) -> Result<(), SdkError<PublishError>> {
        let left = if reachable {
            "The other channel still reaches them."
        } else {
            "Nothing reaches them now."
        };
        self.client
            .publish()
            .set_topic_arn(self.ops.clone())
            .subject(format!("hansho: {} is no longer subscribed by {}", person.id, channel.as_str()))
            .message(format!(
                "The {} subscription of {} to the topic of alerts is gone, or its filter no longer names them. {left}\n\n\
                 Ask them whether they ended it. To subscribe them again:\n\
                 hansho subscribe {} --{} ...\n\n\
                 docs/operate.md, \"Somebody is no longer subscribed\".\n",
                channel.as_str(), person.id, person.id, channel.as_str(),
            ))
            .send()
            .await?;
        Ok(())
    }
}

fn heard(published: Result<(), SdkError<PublishError>>) -> bool {
    if let Err(failure) = &published {
        let code = failure.as_service_error().and_then(ProvideErrorMetadata::code);
        error!(sns.code = code, "nobody could be told that a person is no longer subscribed");
    }
    published.is_ok()
}
