//! The deployed function: AWS events in, mails through the line, an answer for
//! each record out. Errors end here: what may go better the next time fails its
//! record, so that the queue brings it again; what never will fails it too, so
//! that it ends, alone, where somebody sees it.

use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use futures_util::stream::{self, StreamExt as _};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use tracing::{error, info, warn};

use crate::classify::Outcome;
use crate::edges::clock_ms;
use crate::ledger::LedgerError;
use crate::mail::MAX_READ_BYTES;
use crate::notify::Notify;
use crate::pipeline::{Arrival, Judged, Line, Origin, Unsent, judge, judge_drill};
use crate::policy::{Policy, drill};

mod counted;
mod event;
mod heartbeat;
mod metrics;
mod policy_home;
mod settings;

pub use counted::Counted;
pub use event::{Event, Malformed, Message, Object, read};
pub use heartbeat::{Heartbeat, HeartbeatError};
pub use policy_home::{Current, PolicyHome, PolicyUnread};
pub use settings::{Settings, SettingsError};

/// At most this many mails are handled side by side.
const CONCURRENCY: usize = 10;

/// The function, wired.
pub struct Function<N> {
    /// Where mails lie.
    pub s3: Client,
    /// The line.
    pub line: Line<N>,
    /// Where the policy lies.
    pub policy: PolicyHome,
    /// Who looks whether everybody is still subscribed; nobody where there is no topic to look at.
    pub heartbeat: Option<Heartbeat>,
    /// What the deployment has set.
    pub settings: Settings,
}

/// Why one mail could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// S3 did not give the mail; it may the next time.
    #[error("the mail could not be fetched ({0})")]
    Fetch(String),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl<N: Notify + Sync> Function<N> {
    /// Answers one invocation.
    ///
    /// # Errors
    /// A [`Diagnostic`] if the whole invocation must be tried again, or never
    /// will succeed. Of a queue's batch only the messages that failed are named.
    pub async fn handle(&self, invocation: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let event = event::read(&invocation.payload).map_err(|malformed| {
            error!(error = %malformed, "{malformed}");
            diagnostic("Malformed", &malformed)
        })?;
        let current = self.policy.current(&self.s3, clock_ms()).await.map_err(|unread| {
            error!(error = %unread, "{unread}");
            diagnostic("Policy", &unread)
        })?;
        if current.broken {
            self.metric("PolicyErrors", "Count", 1, None);
        }
        let answer = match event {
            Event::Sweep => self.sweep(&current.policy).await,
            Event::Objects(objects) => {
                let failed = self.objects(&current.policy, &objects).await;
                failed.map(|()| json!({})).map_err(|fault| diagnostic(fault.kind(), &fault))
            }
            Event::Batch(messages) => Ok(self.batch(&current.policy, &messages).await),
        };
        let conflicts = self.line.ledger.take_conflicts();
        if conflicts > 0 {
            let conflicts = i64::try_from(conflicts).unwrap_or(i64::MAX);
            self.metric("LedgerConflicts", "Count", conflicts, None);
        }
        answer
    }

    async fn sweep(&self, policy: &Policy) -> Result<Value, Diagnostic> {
        let swept = self.line.sweep(policy).await.map_err(|fault| {
            error!(error = %fault, "the sweep failed: {fault}");
            diagnostic("Ledger", &fault)
        })?;
        info!(
            sweep.due = swept.due,
            sweep.alerts = swept.alerts,
            sweep.failed = swept.failed,
            "swept"
        );
        self.unsent(&swept.unsent);
        self.policy.keep(&self.s3).await;
        self.beat(policy).await;
        Ok(json!({"due": swept.due, "alerts": swept.alerts, "failed": swept.failed}))
    }

    /// Who cannot look now looks again in an hour; the sweep has done its work.
    async fn beat(&self, policy: &Policy) {
        let Some(heartbeat) = &self.heartbeat else { return };
        match heartbeat.beat(&self.line.ledger, policy, clock_ms()).await {
            Ok(0) => {}
            Ok(lost) => self.metric("SubscriptionsLost", "Count", i64::from(lost), None),
            Err(failure) => {
                error!(error = %failure, "the subscriptions could not be looked at: {failure}");
            }
        }
    }

    /// All messages side by side; the ones that failed are named.
    async fn batch(&self, policy: &Policy, messages: &[Message]) -> Value {
        let failed: Vec<Value> = stream::iter(messages)
            .map(async |message| {
                let result = match &message.objects {
                    Ok(objects) => self.objects(policy, objects).await.is_ok(),
                    Err(malformed) => {
                        error!(message.id = message.id, error = %malformed, "a message was refused: {malformed}");
                        false
                    }
                };
                (!result).then(|| json!({"itemIdentifier": message.id}))
            })
            .buffer_unordered(CONCURRENCY)
            .filter_map(async |failed| failed)
            .collect()
            .await;
        json!({"batchItemFailures": failed})
    }

    /// All objects side by side; the last failure stands for all.
    async fn objects(&self, policy: &Policy, objects: &[Object]) -> Result<(), Fault> {
        stream::iter(objects)
            .map(async |object| {
                let result = self.object(policy, object).await;
                if let Err(fault) = &result {
                    error!(mail.id = object.name(), error = %fault, "a mail was not handled: {fault}");
                }
                result
            })
            .buffer_unordered(CONCURRENCY)
            .fold(Ok(()), async |all, one| one.and(all))
            .await
    }

    async fn object(&self, policy: &Policy, object: &Object) -> Result<(), Fault> {
        let drilled = drill::of_key(&object.key);
        if drilled.is_none() && !object.key.starts_with(&self.settings.key_prefix) {
            warn!(mail.id = object.name(), "an object outside the mail prefix was passed over");
            return Ok(());
        }
        let Some(raw) = self.fetch(object).await? else {
            if drilled.is_some() {
                return Ok(());
            }
            self.metric("Mails", "Count", 1, Some(("outcome", "vanished")));
            info!(
                mail.id = object.name(),
                mail.outcome = "vanished",
                "a mail is gone: it was handled before"
            );
            return Ok(());
        };
        let arrival = Arrival {
            origin: Origin::Ses { name: object.name().to_owned() },
            arrived_ms: object.created_ms.unwrap_or_else(clock_ms),
        };
        if let Some(id) = drilled {
            return self.drill(policy, object, &judge_drill(policy, &arrival, &raw, &id)).await;
        }
        let judged = judge(policy, &arrival, &raw);
        drop(raw);
        let taken = self.line.take(policy, &judged).await?;
        self.report(object, &judged, taken.unrouted, taken.alerts);
        self.unsent(&taken.unsent);
        // A mail for nobody stays until it expires, so that it can be looked into.
        if self.settings.delete_settled && !taken.unrouted {
            self.delete(object).await;
        }
        Ok(())
    }

    /// One mail of a drill. It goes down the same line, and is counted in no metric.
    async fn drill(&self, policy: &Policy, object: &Object, judged: &Judged) -> Result<(), Fault> {
        let known = judged.readings.iter().any(|reading| policy.person(&reading.person).is_some());
        if known {
            let taken = self.line.take(policy, judged).await?;
            info!(mail.id = object.name(), alerts = taken.alerts, "a mail of a drill was handled");
        } else {
            warn!(
                mail.id = object.name(),
                "a drill of nobody that the policy names was passed over"
            );
        }
        self.delete(object).await;
        Ok(())
    }

    fn report(&self, object: &Object, judged: &Judged, unrouted: bool, alerts: u32) {
        let outcome = match judged.outcome {
            Outcome::Code => "code",
            Outcome::ForwardConfirmation => "forward-confirmation",
            Outcome::Other => "other",
        };
        self.metric("Mails", "Count", 1, Some(("outcome", outcome)));
        if unrouted {
            self.metric("Unrouted", "Count", 1, None);
        }
        let verdict = judged.verdict();
        let service = verdict.and_then(|verdict| verdict.service).unwrap_or("unlisted");
        if judged.outcome == Outcome::Code {
            self.metric("Codes", "Count", 1, Some(("service", service)));
        }
        info!(
            mail.id = object.name(),
            mail.outcome = outcome,
            mail.unrouted = unrouted,
            mail.service = service,
            mail.authenticity =
                verdict.map(|verdict| format!("{:?}", verdict.authenticity).to_lowercase()),
            mail.delay_ms = clock_ms() - judged.arrived_ms,
            alerts,
            "a mail was handled"
        );
    }

    /// Alerts that were due and did not go out, or not in full, by the reason.
    fn unsent(&self, unsent: &Unsent) {
        for (reason, count) in unsent.by_reason().into_iter().filter(|(_, count)| *count > 0) {
            self.metric("AlertsUnsent", "Count", i64::from(count), Some(("reason", reason)));
        }
    }

    /// The first part of a mail, or nothing if the object is gone.
    async fn fetch(&self, object: &Object) -> Result<Option<Vec<u8>>, Fault> {
        let range = format!("bytes=0-{}", MAX_READ_BYTES - 1);
        let asked =
            self.s3.get_object().bucket(&object.bucket).key(&object.key).range(range).send().await;
        let mut body = match asked {
            Ok(answer) => answer.body,
            Err(error) => return absent(&error),
        };
        let mut raw = Vec::new();
        while let Some(bytes) =
            body.try_next().await.map_err(|_| Fault::Fetch("S3 broke off".to_owned()))?
        {
            let room = MAX_READ_BYTES.saturating_sub(raw.len());
            raw.extend(bytes.iter().take(room));
            if raw.len() >= MAX_READ_BYTES {
                break;
            }
        }
        Ok(Some(raw))
    }

    /// The mail has been counted; one that cannot be deleted expires on its own.
    async fn delete(&self, object: &Object) {
        let deleted = self.s3.delete_object().bucket(&object.bucket).key(&object.key).send().await;
        if let Err(error) = deleted {
            let status = error.raw_response().map(|response| response.status().as_u16());
            warn!(
                mail.id = object.name(),
                s3.status = status,
                "a settled mail could not be deleted, it will expire"
            );
        }
    }

    fn metric(&self, name: &str, unit: &str, value: i64, dimension: Option<(&str, &str)>) {
        metrics::emit(&metrics::line(clock_ms(), name, unit, value, dimension));
    }
}

/// An object that is gone was handled before; an empty one has no range.
fn absent(error: &SdkError<GetObjectError>) -> Result<Option<Vec<u8>>, Fault> {
    match error.raw_response().map(|response| response.status().as_u16()) {
        Some(404) => Ok(None),
        Some(416) => Ok(Some(Vec::new())),
        Some(403) => Err(Fault::Fetch(
            "S3 answered 403: the role lacks s3:GetObject on the mail, or s3:ListBucket".to_owned(),
        )),
        Some(status) => Err(Fault::Fetch(format!("S3 answered {status}"))),
        None => Err(Fault::Fetch("S3 did not answer".to_owned())),
    }
}

impl Fault {
    fn kind(&self) -> &'static str {
        match self {
            Self::Fetch(_) => "Fetch",
            Self::Ledger(_) => "Ledger",
        }
    }
}

fn diagnostic(kind: &str, error: &dyn std::error::Error) -> Diagnostic {
    Diagnostic { error_type: kind.to_owned(), error_message: error.to_string() }
}

/// Wires the function from the environment and the AWS clients.
///
/// # Errors
/// [`SettingsError`] if the environment lacks something.
pub async fn wire(settings: Settings) -> Function<Counted<crate::notify::Topic>> {
    let config = settings::aws_config().await;
    let sns = aws_sdk_sns::Client::new(&config);
    let line = Line {
        ledger: crate::ledger::Ledger::new(aws_sdk_dynamodb::Client::new(&config), &settings.table),
        notify: Counted(crate::notify::Topic::new(sns.clone(), &settings.topic_arn)),
        now_ms: Arc::new(clock_ms),
        nonces: crate::pipeline::Nonces::new(fastrand::Rng::new()),
        lease_ms: settings.lease_ms,
    };
    Function {
        s3: Client::new(&config),
        line,
        policy: PolicyHome::new(settings.policy.clone()),
        heartbeat: Some(Heartbeat {
            client: sns,
            alerts: settings.topic_arn.clone(),
            ops: settings.ops_topic_arn.clone(),
        }),
        settings,
    }
}
