//! Sightings, incidents and the outbox as DynamoDB rows. Written once against
//! the AWS client: on AWS it talks to DynamoDB, everywhere else the same client
//! talks to an engine inside the process ([`embedded`]). This room must not
//! know when a bell rings (`burst`), nor how an alert reads or is sent.
//!
//! # The rows
//!
//! | `pk` | `sk` | what |
//! | --- | --- | --- |
//! | `person\|service\|group\|v` or `…\|u` | `mail#<arrival>#<mail>` | one sighting, verified or not |
//! | the same | `state` | the [`Docket`] of these: incidents and the outbox |
//! | `person` | `min#<minute>#<service>` | the service was seen in that minute |
//! | `person` | `state` | the docket of the person: smokescreens |
//! | `person\|once` | `<name>` | the docket of an alert that is sent once |
//! | `person\|limits` | `hour#…`, `day#…`, `confirmations#…` | the alerts that a cap has let pass |
//! | the same | `held` | the alerts that a cap held back and nobody has been told of |
//! | `\|limits` | `sms#<month>` | the alerts that have cost an SMS |
//!
//! A partition is one person's sightings of one service, so no flood of another
//! service, and none of unverified junk, can push them out of a bounded read.
//! `mail#…` sorts before `state`: one Query, newest first, brings the docket and
//! then the neighbours. A docket that waits for something carries `due_pk` and
//! `due_at_ms`, the keys of the sparse index `due`; the sweep finds it there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use futures_util::future;
use serde::{Deserialize, Serialize};

use crate::burst::{Incident, Seen};
use crate::classify::Kind;
use crate::message::Facts;
use crate::policy::drill;

#[cfg(feature = "engine")]
pub mod embedded;
mod keys;
mod limits;
mod people;

pub(crate) use keys::minute_of;
pub use keys::{DocketKey, Group, Series};
pub use limits::{Counting, Purse};

/// At most this many rows of one partition are read for one mail. The rungs up
/// to here are rung at once; the sweep counts what is beyond.
pub const ROWS_READ_MAX: i32 = 400;
/// At most this many rows of one partition are counted for a closing.
pub const ROWS_COUNTED_MAX: usize = 100_000;
/// At most this many dockets are taken up by one sweep.
pub const DUE_MAX: i32 = 200;
/// Sightings are kept so long, in seconds: past the last day on which a dead
/// letter can be redriven.
pub const SIGHTING_SECONDS: i64 = 30 * 24 * 3600;
/// Dockets outlive the sightings they speak of, in seconds.
pub const DOCKET_SECONDS: i64 = 120 * 24 * 3600;

/// What a drill leaves is of no use the day after, in seconds.
pub const DRILL_SECONDS: i64 = 24 * 3600;

const DUE_INDEX: &str = "due";
const STATE: &str = "state";

/// Why the ledger could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It may work the next time: throttling, a time-out, a failing server.
    #[error("the ledger did not answer ({0})")]
    Transient(String),
    /// It will not work until somebody mends something: no table, no permission.
    #[error("the ledger refused ({0})")]
    Permanent(String),
}

impl LedgerError {
    /// Whether trying again can help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_))
    }
}

/// One code mail as the ledger keeps it. No address, no subject, no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Whose, of which service, counted with which kinds.
    pub series: Series,
    /// Whether the service really sent it.
    pub verified: bool,
    /// When it arrived, in milliseconds since the epoch.
    pub arrived_ms: i64,
    /// The name under which the mail was stored: the same for every delivery of
    /// the same event. At most 64 characters of `[A-Za-z0-9_-]`.
    pub mail: String,
    /// The fingerprint of its Message-ID: the same for two copies of one mail.
    pub message: String,
    /// What it asks to prove.
    pub kind: Kind,
}

/// A row of a sighting as it is written and read.
#[derive(Debug, Serialize, Deserialize)]
struct SightingRow {
    pk: String,
    sk: String,
    at_ms: i64,
    message: String,
    kind: Kind,
    expires_at: i64,
}

/// What is known of the incidents of one partition, and the alert on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Docket {
    /// Counts the writes; every write is conditional on the one it has seen.
    pub revision: u64,
    /// Made for each attempt to write, so that an attempt whose answer was lost
    /// knows its own write again. Never derived from the mail: two deliveries
    /// of one mail are two attempts.
    pub nonce: String,
    /// Open incidents and the last closed ones.
    #[serde(default)]
    pub incidents: Vec<Incident>,
    /// The alert that has been claimed and not yet settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbox: Option<Outgoing>,
    /// Since then alerts have been on their way here, in milliseconds since the
    /// epoch, and the sweep has not yet looked for bursts that found no place
    /// meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_since_ms: Option<i64>,
}

/// An alert on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// What is to be said.
    pub facts: Facts,
    /// The totals are still to be counted, after the close.
    #[serde(default)]
    pub to_count: bool,
    /// Until then nobody else sends it, in milliseconds since the epoch.
    pub lease_until_ms: i64,
    /// When it was first claimed, in milliseconds since the epoch.
    pub claimed_at_ms: i64,
    /// How many have tried to send it.
    pub attempts: u32,
}

impl Docket {
    /// When somebody must look at it again, in milliseconds since the epoch.
    pub fn due_at_ms(&self) -> Option<i64> {
        // Until an alert on its way is settled, nothing else happens here.
        if let Some(outgoing) = &self.outbox {
            return Some(outgoing.lease_until_ms);
        }
        let open = self
            .incidents
            .iter()
            .filter(|incident| !incident.closed)
            .map(|incident| incident.check_at_ms);
        open.chain(self.busy_since_ms).min()
    }
}

/// The answer to a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It was written, by this attempt.
    Yes,
    /// Another was faster.
    No,
}

/// Part of a series as one Query brought it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The sightings, newest first.
    pub seen: Vec<Seen>,
    /// The docket, if there is one.
    pub docket: Option<Docket>,
    /// Rows older than the oldest of these were left out.
    pub truncated: bool,
}

/// What stands around one sighting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The verified ones of the series.
    pub verified: Page,
    /// The unverified ones of the series.
    pub unverified: Page,
    /// The services of the person by minute; `key` is the service.
    pub minutes: Page,
}

/// The ledger over one table.
#[derive(Debug, Clone)]
pub struct Ledger {
    client: Client,
    table: String,
    conflicts: Arc<AtomicU64>,
}

impl Ledger {
    /// A ledger over the table of that name, which must exist (`infra/`).
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), conflicts: Arc::default() }
    }

    /// How many conditional writes met another's since the last time this was
    /// asked. Each of them is harmless; many say that much happens at once.
    pub fn take_conflicts(&self) -> u64 {
        self.conflicts.swap(0, Ordering::Relaxed)
    }

    /// Records a sighting. Doing it twice is the same write.
    ///
    /// # Errors
    /// [`LedgerError`] if either row may not have been written.
    pub async fn record(&self, sighting: &Sighting, now_ms: i64) -> Result<(), LedgerError> {
        // Counted from now: a mail that comes months late must be counted too.
        let seconds = kept_seconds(&sighting.series.person, SIGHTING_SECONDS);
        let expires_at = expires_at(now_ms.max(sighting.arrived_ms), seconds);
        let row = SightingRow {
            pk: sighting.series.partition(sighting.verified),
            sk: keys::mail(sighting.arrived_ms, &sighting.mail),
            at_ms: sighting.arrived_ms,
            message: sighting.message.clone(),
            kind: sighting.kind,
            expires_at,
        };
        let minute_ms = keys::minute_of(sighting.arrived_ms);
        let minute = SightingRow {
            pk: sighting.series.person.clone(),
            sk: keys::minute(minute_ms, &sighting.series.service_key),
            at_ms: minute_ms,
            message: sighting.series.service_key.clone(),
            kind: sighting.kind,
            expires_at,
        };
        future::try_join(self.put(&row), self.put(&minute)).await?;
        Ok(())
    }

    /// What stands around a sighting: up to `reach_ms` before and after it, in
    /// three reads side by side.
    ///
    /// # Errors
    /// [`LedgerError`] if any of them failed.
    pub async fn around(
        &self,
        sighting: &Sighting,
        reach_ms: i64,
        minutes_reach_ms: i64,
    ) -> Result<Surroundings, LedgerError> {
        let at_ms = sighting.arrived_ms;
        let minute_ms = keys::minute_of(at_ms);
        let series = &sighting.series;
        let (verified, unverified, minutes) = future::try_join3(
            self.neighbours(&series.partition(true), true, keys::mail, at_ms, reach_ms),
            self.neighbours(&series.partition(false), false, keys::mail, at_ms, reach_ms),
            self.neighbours(&series.person, true, keys::minute, minute_ms, minutes_reach_ms),
        )
        .await?;
        Ok(Surroundings { verified, unverified, minutes })
    }

    /// The docket and the neighbours of one partition. Newest first, so that a
    /// truncated answer still has the docket; where it then does not reach down
    /// to the sighting (one that arrives late, under a flood), its own
    /// neighbourhood is read as well.
    async fn neighbours(
        &self,
        pk: &str,
        verified: bool,
        key: fn(i64, &str) -> String,
        at_ms: i64,
        reach_ms: i64,
    ) -> Result<Page, LedgerError> {
        let before = key(at_ms - reach_ms, "");
        let (items, next) =
            self.query(pk, &before, STATE, Order::NewestFirst, ROWS_READ_MAX, None).await?;
        let mut page = Page { truncated: next.is_some(), ..rows(items, verified)? };
        let reached = page.seen.last().is_none_or(|oldest| oldest.at_ms <= at_ms);
        if page.truncated && !reached {
            // From the sighting to both sides: read from the newest down, the
            // flood that hid it would hide it again.
            let now = key(at_ms, "~");
            let (after, end) = (key(at_ms + 1, ""), key(at_ms + reach_ms, "~"));
            let (before, after) = future::try_join(
                self.query(pk, &before, &now, Order::NewestFirst, ROWS_READ_MAX, None),
                self.query(pk, &after, &end, Order::OldestFirst, ROWS_READ_MAX, None),
            )
            .await?;
            let truncated = before.1.is_some() || after.1.is_some();
            let close = rows(before.0.into_iter().chain(after.0).collect(), verified)?;
            page = Page { seen: close.seen, docket: page.docket, truncated };
        }
        Ok(page)
    }

    /// All that one series holds from a time on, to be counted.
    ///
    /// # Errors
    /// [`LedgerError`] if a read failed.
    pub async fn history(
        &self,
        series: &Series,
        from_ms: i64,
    ) -> Result<Surroundings, LedgerError> {
        let from = keys::mail(from_ms, "");
        let (verified, unverified) = future::try_join(
            self.everything(series.partition(true), from.clone(), true),
            self.everything(series.partition(false), from, false),
        )
        .await?;
        Ok(Surroundings { verified, unverified, minutes: Page::default() })
    }

    /// All services of a person by minute from a time on, to be counted.
    ///
    /// # Errors
    /// [`LedgerError`] if a read failed.
    pub async fn minutes(&self, person: &str, from_ms: i64) -> Result<Page, LedgerError> {
        self.everything(person.to_owned(), keys::minute(from_ms, ""), true).await
    }

    /// Writes a docket if nobody has written it since `seen` was read.
    ///
    /// # Errors
    /// [`LedgerError`] if it is not known whether it was written. Doing the same
    /// write again, with the same nonce, is safe.
    pub async fn write(
        &self,
        key: &DocketKey,
        seen: Option<&Docket>,
        next: &Docket,
        now_ms: i64,
    ) -> Result<Written, LedgerError> {
        let mut item: HashMap<String, AttributeValue> =
            serde_dynamo::to_item(next).map_err(unfit)?;
        item.insert("pk".to_owned(), AttributeValue::S(key.partition()));
        item.insert("sk".to_owned(), AttributeValue::S(key.sort()));
        // The docket of a person stays: that it is there says that the person is
        // known, and nothing else is read for that.
        if !matches!(key, DocketKey::Person(_)) || drill::whose(key.person()).is_some() {
            let seconds = kept_seconds(key.person(), DOCKET_SECONDS);
            item.insert("expires_at".to_owned(), number(expires_at(now_ms, seconds)));
        }
        if let Some(due_at_ms) = next.due_at_ms() {
            item.insert("due_pk".to_owned(), AttributeValue::S(keys::DUE.to_owned()));
            item.insert("due_at_ms".to_owned(), number(due_at_ms));
        }
        let mut put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        put = match seen {
            Some(seen) => put
                .condition_expression("revision = :seen")
                .expression_attribute_values(":seen", AttributeValue::N(seen.revision.to_string())),
            None => put.condition_expression("attribute_not_exists(pk)"),
        };
        match put.send().await {
            Ok(_) => Ok(Written::Yes),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    let standing = match failed.item() {
                        Some(item) => serde_dynamo::from_item(item.clone()).map_err(unfit)?,
                        // A row that has gone since, or a server that sends no old item.
                        None => self.docket(key).await?.unwrap_or_default(),
                    };
                    // The client tries again on its own when an answer is lost;
                    // the second try then meets the first one's write.
                    if standing.nonce == next.nonce {
                        return Ok(Written::Yes);
                    }
                    self.conflicts.fetch_add(1, Ordering::Relaxed);
                    Ok(Written::No)
                }
                _ => Err(fault(error)),
            },
        }
    }

    /// One docket, as it stands now.
    ///
    /// # Errors
    /// [`LedgerError`] if it could not be read.
    pub async fn docket(&self, key: &DocketKey) -> Result<Option<Docket>, LedgerError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key.partition()))
            .key("sk", AttributeValue::S(key.sort()))
            .consistent_read(true)
            .send()
            .await
            .map_err(fault)?;
        answer.item.map(serde_dynamo::from_item).transpose().map_err(unfit)
    }

    /// The dockets that are due, the longest overdue first. The index is only a
    /// hint: whoever acts reads the docket itself and writes conditionally.
    ///
    /// # Errors
    /// [`LedgerError`] if the index could not be read.
    pub async fn due(&self, now_ms: i64, limit: i32) -> Result<Vec<(DocketKey, i64)>, LedgerError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("due_pk = :due AND due_at_ms <= :now")
            .expression_attribute_values(":due", AttributeValue::S(keys::DUE.to_owned()))
            .expression_attribute_values(":now", number(now_ms))
            .limit(limit)
            .send()
            .await
            .map_err(fault)?;
        let due = answer.items().iter().filter_map(|item| {
            let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
            let due_at_ms = item.get("due_at_ms")?.as_n().ok()?.parse().ok()?;
            Some((DocketKey::read(text("pk")?, text("sk")?)?, due_at_ms))
        });
        Ok(due.collect())
    }

    async fn put(&self, row: &SightingRow) -> Result<(), LedgerError> {
        let item = serde_dynamo::to_item(row).map_err(unfit)?;
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn everything(
        &self,
        pk: String,
        from: String,
        verified: bool,
    ) -> Result<Page, LedgerError> {
        let mut all = Page::default();
        let mut next = None;
        loop {
            let (items, more) =
                self.query(&pk, &from, STATE, Order::NewestFirst, i32::MAX, next).await?;
            let page = rows(items, verified)?;
            all.seen.extend(page.seen);
            all.docket = all.docket.or(page.docket);
            next = more;
            if next.is_none() {
                return Ok(all);
            }
            if all.seen.len() >= ROWS_COUNTED_MAX {
                all.truncated = true;
                return Ok(all);
            }
        }
    }

    /// Rows of one partition between two sort keys, and where to go on. A read
    /// that must see every write that was answered.
    async fn query(
        &self,
        pk: &str,
        from: &str,
        to: &str,
        order: Order,
        limit: i32,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), LedgerError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .expression_attribute_values(":from", AttributeValue::S(from.to_owned()))
            .expression_attribute_values(":to", AttributeValue::S(to.to_owned()))
            .scan_index_forward(order == Order::OldestFirst)
            .consistent_read(true)
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(fault)?;
        let next = answer.last_evaluated_key.filter(|key| !key.is_empty());
        Ok((answer.items.unwrap_or_default(), next))
    }
}

/// How long one call may take with all its tries, in the function and elsewhere.
pub const CALL_SECONDS_MAX: Duration = Duration::from_secs(8);

/// In which order the rows of a partition are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    NewestFirst,
    OldestFirst,
}

type Item = HashMap<String, AttributeValue>;

fn rows(items: Vec<Item>, verified: bool) -> Result<Page, LedgerError> {
    let mut page = Page { seen: Vec::with_capacity(items.len()), ..Page::default() };
    for item in items {
        if item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk == STATE) {
            page.docket = Some(serde_dynamo::from_item(item).map_err(unfit)?);
        } else {
            let row: SightingRow = serde_dynamo::from_item(item).map_err(unfit)?;
            page.seen.push(Seen { at_ms: row.at_ms, key: row.message, verified, kind: row.kind });
        }
    }
    Ok(page)
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// How long a row of a person is kept, given how long it is kept if it is real.
fn kept_seconds(person: &str, seconds: i64) -> i64 {
    if drill::whose(person).is_some() { DRILL_SECONDS } else { seconds }
}

/// DynamoDB's time to live is in seconds since the epoch.
fn expires_at(at_ms: i64, seconds: i64) -> i64 {
    at_ms.div_euclid(1000).saturating_add(seconds)
}

fn unfit(error: serde_dynamo::Error) -> LedgerError {
    LedgerError::Permanent(format!("a row has an unknown shape: {error}"))
}

/// The client has tried again where that can help; what is left is told apart
/// here. The message of the service is left out: it may quote a key.
fn fault<E: ProvideErrorMetadata>(error: SdkError<E>) -> LedgerError {
    match &error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("unknown").to_owned();
            let status = service.raw().status().as_u16();
            if status >= 500
                || status == 429
                || code.contains("Throttl")
                || code.contains("ThroughputExceeded")
                || code == "RequestLimitExceeded"
            {
                LedgerError::Transient(code)
            } else {
                LedgerError::Permanent(code)
            }
        }
        SdkError::ConstructionFailure(_) => {
            LedgerError::Permanent("the request could not be built".to_owned())
        }
        SdkError::TimeoutError(_) => LedgerError::Transient("time-out".to_owned()),
        SdkError::DispatchFailure(_) => LedgerError::Transient("no connection".to_owned()),
        _ => LedgerError::Transient("a broken answer".to_owned()),
    }
}
