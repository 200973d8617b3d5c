//! `hansho explain`: what each mail was taken for, and why.

use std::io::Write as _;

use serde_json::{Value, json};

use super::sift::{Place, sift};
use super::{FAILED, Mails, QUIET, show};
use crate::classify::{Outcome, Verdict};
use crate::message::Audience;
use crate::pipeline::Judged;

/// The arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    #[command(flatten)]
    mails: Mails,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        let policy = self.mails.policy()?;
        super::stop::listen(|| {});
        let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
        let sifted = sift(&self.mails.paths, &policy, |place, judged| {
            let audience = self.mails.audience(&policy, &judged);
            if self.json {
                writeln!(out, "{}", as_json(&place, &judged, &audience))?;
            } else {
                show::verdict(&mut out, &place, &judged, &audience)?;
            }
            Ok(())
        })?;
        out.flush()?;
        Ok(if sifted.mails == 0 && sifted.unreadable > 0 { FAILED } else { QUIET })
    }
}

fn as_json(place: &Place, judged: &Judged, audience: &Audience) -> Value {
    let verdict = judged.verdict();
    let key = verdict.map(|verdict| verdict.service_key.as_str()).filter(|key| !key.is_empty());
    json!({
        "path": place.path.display().to_string(),
        "index": place.index,
        "outcome": judged.outcome,
        "kind": verdict.and_then(|verdict| verdict.kind),
        "service": verdict.and_then(|verdict| verdict.service),
        "service_key": key,
        "service_name": verdict.and_then(|verdict| name(verdict, audience)),
        "authenticity": verdict.map(|verdict| verdict.authenticity),
        "person": judged.readings.first().map(|reading| reading.person.as_str()),
        "arrived_at": show::rfc3339(judged.arrived_ms),
        "signals": verdict.map(|verdict| verdict.signals.as_slice()).unwrap_or_default(),
    })
}

/// What people call the service: from its file, or the domain it is known by.
fn name(verdict: &Verdict, audience: &Audience) -> Option<String> {
    if verdict.outcome == Outcome::Other && verdict.service.is_none() {
        return None;
    }
    show::service_name(&verdict.service_key, audience.language)
}
