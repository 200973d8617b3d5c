//! `hansho replay`: mailboxes through the very pipeline that runs in the cloud,
//! over the embedded ledger and in virtual time.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context as _;
use serde_json::json;

use super::seen::Sightings;
use super::sent::{Collector, Sent};
use super::show::Summary;
use super::sift::sift;
use super::{FAILED, FOUND, Mails, QUIET, audience_of, report, show, stop};
use crate::burst::Phase;
use crate::classify::Outcome;
use crate::edges::clock_ms;
use crate::ledger::Ledger;
use crate::ledger::embedded::{Engine, TABLE};
use crate::notify::Notify;
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
    /// Write a report into this file: one page that needs no network
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Replay {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        let started_ms = clock_ms();
        stop::listen(|| {});
        let mut policy = self.mails.policy()?;
        // Nothing is sent here in any case: this shows what would be.
        policy.observe_only = false;
        // What cannot be written is better said before than after the reading.
        let report = self.report.as_deref().map(report::File::at).transpose()?;
        let mut waiting: Vec<Judged> = Vec::new();
        let mut near = report::Near::default();
        let mut summary = Summary::default();
        let sifted = sift(&self.mails.paths, &policy, |place, judged| {
            summary.codes += u64::from(judged.outcome == Outcome::Code);
            if judged.outcome != Outcome::Other {
                waiting.push(judged);
            } else if report.is_some() {
                near.look_at(place, &judged);
            }
            Ok(())
        })?;
        summary.mails = sifted.mails;
        summary.unreadable = sifted.unreadable;
        if sifted.interrupted {
            let read = sifted.mails;
            show::note(&format!("interrupted; what follows is of the {read} mails read so far"));
        }
        waiting.sort_by(|a, b| (a.arrived_ms, &a.mail).cmp(&(b.arrived_ms, &b.mail)));
        let sightings = Sightings::of(&policy, &waiting);

        let engine = match &self.ledger {
            Some(path) => Engine::in_file(path)?,
            None => Engine::in_memory()?,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .context("cannot start")?;
        let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
        let mut kept: Vec<Sent> = Vec::new();
        runtime.block_on(ring(&engine, &policy, &waiting, |sent| {
            summary.alerts += 1;
            summary.incidents += u64::from(sent.facts.phase == Phase::Opened);
            if self.json {
                writeln!(out, "{}", sent.as_json())?;
            } else {
                let facts = &sent.facts;
                let arrivals_ms = sightings.arrivals_ms(
                    &facts.person,
                    &facts.service_key,
                    facts.first_ms,
                    facts.last_ms,
                );
                let audience = audience_of(&policy, Some(&facts.person));
                show::alert(&mut out, &sent, &audience, &arrivals_ms)?;
            }
            if report.is_some() {
                kept.push(sent);
            }
            Ok(())
        }))?;
        summary.elapsed_ms = clock_ms() - started_ms;
        let audience = audience_of(&policy, None);
        if let Some(file) = report {
            let story = report::Story {
                policy: &policy,
                audience: &audience,
                summary: &summary,
                interrupted: sifted.interrupted,
                sightings: &sightings,
                sent: &kept,
                near: &near,
                made_ms: clock_ms(),
            };
            let path = file.write(&report::page(&story))?;
            show::note(&format!("the report is in {}", path.display()));
        }
        if self.json {
            writeln!(out, "{}", summary_json(&summary))?;
        } else {
            show::summary(&mut out, &summary, &sightings.services(), &audience)?;
        }
        out.flush()?;
        Ok(match summary {
            Summary { incidents: 1.., .. } => FOUND,
            Summary { mails: 0, unreadable: 1.., .. } => FAILED,
            // Nobody may take half a mailbox for a quiet one.
            _ if sifted.interrupted => FAILED,
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
