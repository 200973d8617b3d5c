//! What the ledger remembers of people beside their incidents: which of their
//! channels were subscribed when somebody last looked, that this has been done
//! in this hour, and when their last code mail came.
//!
//! | `pk` | `sk` | what |
//! | --- | --- | --- |
//! | `person\|once` | `channel-<channel>` | whether the channel was subscribed |
//! | `~heartbeat` | `<hour>` | somebody looks in this hour |

use super::*;

/// What one channel of a person was, as a row.
#[derive(Debug, Serialize, Deserialize)]
struct ChannelRow {
    pk: String,
    sk: String,
    subscribed: bool,
    expires_at: i64,
}

/// No person's id holds its first character.
const HEARTBEAT: &str = "~heartbeat";
const HOUR_MS: i64 = 3600 * 1000;
/// The row of an hour is kept for a day, in seconds.
const HOUR_SECONDS: i64 = 24 * 3600;

impl Ledger {
    /// Takes this hour's look at the subscriptions: `true` for one caller an hour.
    ///
    /// # Errors
    /// [`LedgerError`] if it is not known whether it was taken.
    pub async fn take_hour(&self, now_ms: i64) -> Result<bool, LedgerError> {
        let hour = now_ms.div_euclid(HOUR_MS);
        let taken = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", AttributeValue::S(HEARTBEAT.to_owned()))
            .item("sk", AttributeValue::S(hour.to_string()))
            .item("expires_at", number(expires_at(now_ms, HOUR_SECONDS)))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match taken {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(fault(error)),
            },
        }
    }

    /// Whether a channel (`email`, `sms`) of a person was subscribed when
    /// somebody last looked; `None` if it never was.
    ///
    /// # Errors
    /// [`LedgerError`] if the row could not be read.
    pub async fn was_subscribed(
        &self,
        person: &str,
        channel: &str,
    ) -> Result<Option<bool>, LedgerError> {
        let (pk, sk) = channel_key(person, channel);
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(fault)?;
        let row: Option<ChannelRow> =
            answer.item.map(serde_dynamo::from_item).transpose().map_err(unfit)?;
        Ok(row.map(|row| row.subscribed))
    }

    /// Remembers whether a channel is subscribed.
    ///
    /// # Errors
    /// [`LedgerError`] if the row may not have been written.
    pub async fn remember_subscribed(
        &self,
        person: &str,
        channel: &str,
        subscribed: bool,
        now_ms: i64,
    ) -> Result<(), LedgerError> {
        let (pk, sk) = channel_key(person, channel);
        let row = ChannelRow { pk, sk, subscribed, expires_at: expires_at(now_ms, DOCKET_SECONDS) };
        let item = serde_dynamo::to_item(&row).map_err(unfit)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map_err(fault)?;
        Ok(())
    }

    /// In which minute the last code mail of a person came that is still
    /// remembered, in milliseconds since the epoch.
    ///
    /// # Errors
    /// [`LedgerError`] if the rows could not be read.
    pub async fn last_code_ms(&self, person: &str) -> Result<Option<i64>, LedgerError> {
        let (items, _) =
            self.query(person, &keys::minute(0, ""), STATE, Order::NewestFirst, 2, None).await?;
        // The docket of the person sorts last and so comes first.
        let minutes = items.into_iter().filter(|item| !is_docket(item)).collect();
        Ok(rows(minutes, true)?.seen.first().map(|seen| seen.at_ms))
    }
}

fn channel_key(person: &str, channel: &str) -> (String, String) {
    let key = DocketKey::Once { person: person.to_owned(), name: format!("channel-{channel}") };
    (key.partition(), key.sort())
}

fn is_docket(item: &Item) -> bool {
    item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk == STATE)
}
