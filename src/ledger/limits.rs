//! What has been spent of a limit, and what a limit held back. Spent are the ids
//! of alerts, kept as a set: an alert that is tried again spends nothing more,
//! and one conditional update both asks and spends, so that no two alerts that
//! are sent at the same time get the last place. This file must not know how
//! much may be spent, nor on what.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Ledger, LedgerError, expires_at, fault, keys, number};

/// At most this many alerts that were held back are remembered at a time.
const HELD_MAX: usize = 500;
/// What was spent, and held back, is forgotten after so long, in seconds: past
/// the longest period, a month.
const LIMIT_SECONDS: i64 = 62 * 24 * 3600;
const HELD: &str = "held";

/// Whether alerts are sent, only observed, or drilled. What is observed or
/// drilled has purses of its own, so that it costs nothing of what is needed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// Alerts are sent.
    Sent,
    /// Nothing is sent.
    Observed,
    /// What is sent says that it is a drill.
    Drilled,
}

impl Counting {
    fn key(self, key: &str) -> String {
        match self {
            Self::Sent => key.to_owned(),
            Self::Observed => format!("observed#{key}"),
            Self::Drilled => format!("drill#{key}"),
        }
    }
}

/// Something of which only so much may be spent in a period (UTC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purse {
    pk: String,
    sk: String,
    at_ms: i64,
}

impl Purse {
    /// The SMS of everybody in the month of that moment.
    pub fn sms(at_ms: i64, counting: Counting) -> Self {
        Self::new(keys::everybody_limits(), "sms", "%Y-%m", at_ms, counting)
    }

    /// The alerts of a person in the hour of that moment.
    pub fn hour(person: &str, at_ms: i64, counting: Counting) -> Self {
        Self::new(keys::person_limits(person), "hour", "%Y-%m-%dT%H", at_ms, counting)
    }

    /// The alerts of a person on the day of that moment.
    pub fn day(person: &str, at_ms: i64, counting: Counting) -> Self {
        Self::new(keys::person_limits(person), "day", "%Y-%m-%d", at_ms, counting)
    }

    /// The forwarding confirmations of a person on the day of that moment.
    pub fn confirmations(person: &str, at_ms: i64, counting: Counting) -> Self {
        Self::new(keys::person_limits(person), "confirmations", "%Y-%m-%d", at_ms, counting)
    }

    fn new(pk: String, name: &str, period: &str, at_ms: i64, counting: Counting) -> Self {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let period = at.to_zoned(TimeZone::UTC).strftime(period).to_string();
        Self { pk, sk: counting.key(&format!("{name}#{period}")), at_ms }
    }
}

impl Ledger {
    /// Spends one place of a purse on an alert, unless `limit` have been spent;
    /// says whether it is spent. An alert that has spent it before may go on.
    ///
    /// # Errors
    /// [`LedgerError`] if it is not known whether it was spent. Asking again for
    /// the same alert is safe.
    pub async fn spend(
        &self,
        purse: &Purse,
        alert_id: &str,
        limit: u32,
    ) -> Result<bool, LedgerError> {
        if limit == 0 {
            return Ok(false);
        }
        let update = self
            .change(&purse.pk, &purse.sk)
            .update_expression("ADD spent :ids SET expires_at = :expires_at")
            .condition_expression(
                "attribute_not_exists(spent) OR size(spent) < :limit OR contains(spent, :id)",
            )
            .expression_attribute_values(":ids", AttributeValue::Ss(vec![alert_id.to_owned()]))
            .expression_attribute_values(":id", AttributeValue::S(alert_id.to_owned()))
            .expression_attribute_values(":limit", number(limit.into()))
            .expression_attribute_values(
                ":expires_at",
                number(expires_at(purse.at_ms, LIMIT_SECONDS)),
            );
        Ok(met(update.send().await)?.is_some())
    }

    /// Remembers that an alert of a person was held back, so that the next one
    /// that goes out can say so. Doing it twice is the same write.
    ///
    /// # Errors
    /// [`LedgerError`] if it may not have been written.
    pub async fn hold_back(
        &self,
        person: &str,
        alert_id: &str,
        now_ms: i64,
        counting: Counting,
    ) -> Result<(), LedgerError> {
        let update = self
            .change(&keys::person_limits(person), &counting.key(HELD))
            .update_expression("ADD held :ids SET expires_at = :expires_at")
            .condition_expression("attribute_not_exists(held) OR size(held) < :most")
            .expression_attribute_values(":ids", AttributeValue::Ss(vec![alert_id.to_owned()]))
            .expression_attribute_values(":most", AttributeValue::N(HELD_MAX.to_string()))
            .expression_attribute_values(":expires_at", number(expires_at(now_ms, LIMIT_SECONDS)));
        met(update.send().await).map(drop)
    }

    /// What was held back from a person and is now to be told by this alert: the
    /// ids. Empty if there is nothing, or if another alert that is being sent
    /// tells it, which has until the end of its lease.
    ///
    /// # Errors
    /// [`LedgerError`] if it is not known. Asking again for the same alert is safe.
    pub async fn tell_held_back(
        &self,
        person: &str,
        alert_id: &str,
        now_ms: i64,
        lease_until_ms: i64,
        counting: Counting,
    ) -> Result<Vec<String>, LedgerError> {
        let update = self
            .change(&keys::person_limits(person), &counting.key(HELD))
            .update_expression("SET told_by = :id, told_until_ms = :until")
            .condition_expression(
                "attribute_exists(held) AND (attribute_not_exists(told_by) OR told_by = :id \
                 OR told_until_ms <= :now)",
            )
            .expression_attribute_values(":id", AttributeValue::S(alert_id.to_owned()))
            .expression_attribute_values(":until", number(lease_until_ms))
            .expression_attribute_values(":now", number(now_ms))
            .return_values(ReturnValue::AllNew);
        let told = met(update.send().await)?;
        let held = told.and_then(|answer| answer.attributes?.remove(HELD));
        Ok(held.and_then(|held| held.as_ss().ok().cloned()).unwrap_or_default())
    }

    /// Forgets what an alert has told, once it has been sent.
    ///
    /// # Errors
    /// [`LedgerError`] if it may be told once more.
    pub async fn forget_held_back(
        &self,
        person: &str,
        alert_id: &str,
        told: Vec<String>,
        counting: Counting,
    ) -> Result<(), LedgerError> {
        let update = self
            .change(&keys::person_limits(person), &counting.key(HELD))
            .update_expression("DELETE held :ids REMOVE told_by, told_until_ms")
            .condition_expression("told_by = :id")
            .expression_attribute_values(":ids", AttributeValue::Ss(told))
            .expression_attribute_values(":id", AttributeValue::S(alert_id.to_owned()));
        met(update.send().await).map(drop)
    }

    fn change(&self, pk: &str, sk: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()))
    }
}

/// The answer to a conditional update; `None` if its condition was not met.
fn met(
    answer: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
) -> Result<Option<UpdateItemOutput>, LedgerError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
            _ => Err(fault(error)),
        },
    }
}
