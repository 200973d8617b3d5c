//! `hansho replay`: mailboxes through the very pipeline that runs in the cloud,
//! over the embedded ledger and in virtual time.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use serde_json::json;

use super::sift::sift;
use super::{FAILED, FOUND, Mails, QUIET, show};
use crate::burst::Phase;
use crate::classify::Outcome;
use crate::edges::clock_ms;
use crate::ledger::Ledger;
use crate::ledger::embedded::{Engine, TABLE};
use crate::message::{Alert, Facts};
use crate::notify::{Notify, NotifyError};
use crate::pipeline::{Judged, Line, Nonces};
use crate::policy::Policy;

/// The schedule of the sweep, in milliseconds, as in the deployed stack.
const SWEEP_EVERY_MS: i64 = 5 * 60 * 1000;
/// No incident needs as many sweeps.
const SWEEPS_MAX: u32 = 100_000;
/// Ids are the same in every replay of the same mails.
const SEED: u64 = 0x4861_6e73_686f;

/// The arguments of `replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    #[command(flatten)]
    mails: Mails,
    /// Print one JSON object a line: each alert, then a summary
    #[arg(long)]
    json: bool,
    /// Keep the ledger in this file, and go on from what stands in it
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
}

/// An alert as it was sent.
pub(super) struct Sent {
    pub(super) facts: Facts,
    pub(super) alert: Alert,
    pub(super) at_ms: i64,
}

/// Keeps what is published, with the virtual time.
#[derive(Clone)]
struct Collector {
    sent: Arc<Mutex<Vec<Sent>>>,
    now_ms: Arc<AtomicI64>,
}

impl Collector {
    fn drain(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Notify for Collector {
    async fn publish(&self, facts: &Facts, alert: &Alert) -> Result<(), NotifyError> {
        let sent = Sent {
            facts: facts.clone(),
            alert: alert.clone(),
            at_ms: self.now_ms.load(Ordering::Relaxed),
        };
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        Ok(())
    }
}

/// What a replay has come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Summary {
    pub(super) mails: u64,
    pub(super) codes: u64,
    pub(super) alerts: u64,
    pub(super) incidents: u64,
    pub(super) unreadable: u64,
    pub(super) elapsed_ms: i64,
}

impl Replay {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        let started_ms = clock_ms();
        let mut policy = self.mails.policy()?;
        // Nothing is sent here in any case: this shows what would be.
        policy.observe_only = false;
        let mut waiting: Vec<Judged> = Vec::new();
        let mut summary = Summary::default();
        let sifted = sift(&self.mails.paths, &policy, |_, judged| {
            summary.codes += u64::from(judged.outcome == Outcome::Code);
            if judged.outcome != Outcome::Other {
                waiting.push(judged);
            }
            Ok(())
        })?;
        summary.mails = sifted.mails;
        summary.unreadable = sifted.unreadable;
        waiting.sort_by(|a, b| (a.arrived_ms, &a.mail).cmp(&(b.arrived_ms, &b.mail)));

        let engine = match &self.ledger {
            Some(path) => Engine::in_file(path)?,
            None => Engine::in_memory()?,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .context("cannot start")?;
        let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
        runtime.block_on(ring(&engine, &policy, &waiting, |sent| {
            summary.alerts += 1;
            summary.incidents += u64::from(sent.facts.phase == Phase::Opened);
            if self.json {
                writeln!(out, "{}", alert_json(&sent))?;
            } else {
                show::alert(&mut out, &sent)?;
            }
            Ok(())
        }))?;
        summary.elapsed_ms = clock_ms() - started_ms;
        if self.json {
            writeln!(out, "{}", summary_json(&summary))?;
        } else {
            show::summary(&mut out, &summary)?;
        }
        out.flush()?;
        Ok(match summary {
            Summary { mails: 0, unreadable: 1.., .. } => FAILED,
            Summary { incidents: 1.., .. } => FOUND,
            _ => QUIET,
        })
    }
}

/// Takes the mails in, in order of arrival, with the sweeps between them, and
/// hands over each alert.
async fn ring(
    engine: &Engine,
    policy: &Policy,
    judged: &[Judged],
    mut each: impl FnMut(Sent) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let now_ms = Arc::new(AtomicI64::new(judged.first().map_or(0, |first| first.arrived_ms)));
    let collector = Collector { sent: Arc::default(), now_ms: Arc::clone(&now_ms) };
    let clock = Arc::clone(&now_ms);
    let line = Line {
        ledger: Ledger::new(engine.client(), TABLE),
        notify: collector.clone(),
        now_ms: Arc::new(move || clock.load(Ordering::Relaxed)),
        nonces: Nonces::new(fastrand::Rng::with_seed(SEED)),
        lease_ms: 60_000,
    };
    let mut something_open = true;
    for one in judged {
        if something_open {
            something_open = sweep_until(&line, policy, &now_ms, one.arrived_ms).await?;
        }
        now_ms.fetch_max(one.arrived_ms, Ordering::Relaxed);
        let taken = line.take(policy, one).await?;
        something_open |= taken.alerts > 0 || !taken.unsent.is_none();
        collector.drain().into_iter().try_for_each(&mut each)?;
    }
    sweep_until(&line, policy, &now_ms, i64::MAX).await?;
    collector.drain().into_iter().try_for_each(&mut each)
}

/// Sweeps on schedule up to a time, passing over the times at which nothing is
/// due. Says whether anything is still open.
async fn sweep_until<N: Notify>(
    line: &Line<N>,
    policy: &Policy,
    now_ms: &AtomicI64,
    until_ms: i64,
) -> anyhow::Result<bool> {
    for _ in 0..SWEEPS_MAX {
        let Some((_, due_at_ms)) = line.ledger.due(i64::MAX, 1).await?.into_iter().next() else {
            return Ok(false);
        };
        let next_ms = due_at_ms.max(now_ms.load(Ordering::Relaxed).saturating_add(1));
        let tick_ms = next_ms.saturating_add(SWEEP_EVERY_MS - 1) / SWEEP_EVERY_MS * SWEEP_EVERY_MS;
        if tick_ms > until_ms {
            return Ok(true);
        }
        now_ms.store(tick_ms, Ordering::Relaxed);
        line.sweep(policy).await?;
    }
    anyhow::bail!("the ledger does not come to rest; is it another program's file?")
}

fn alert_json(sent: &Sent) -> serde_json::Value {
    let facts = &sent.facts;
    json!({
        "type": "alert",
        "id": facts.id,
        "alert": facts.alert,
        "phase": facts.phase,
        "person": facts.person,
        "service": crate::services::by_id(&facts.service_key).map(|service| service.id.as_str()),
        "service_key": facts.service_key,
        "count": facts.count,
        "first_at": show::rfc3339(facts.first_ms),
        "last_at": show::rfc3339(facts.last_ms),
        "at": show::rfc3339(sent.at_ms),
        "subject": sent.alert.subject,
        "sms": sent.alert.sms,
        "email": sent.alert.email,
    })
}

fn summary_json(summary: &Summary) -> serde_json::Value {
    json!({
        "type": "summary",
        "mails": summary.mails,
        "codes": summary.codes,
        "alerts": summary.alerts,
        "incidents": summary.incidents,
        "unreadable": summary.unreadable,
        "elapsed_ms": summary.elapsed_ms,
    })
}
