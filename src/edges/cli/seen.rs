//! The code mails of a replay as a reader counts them: what came of which
//! service, when, and whether it was verified. It holds no subject, no address
//! and no code.

use std::collections::BTreeMap;

use crate::burst::{Seen, distinct};
use crate::classify::{Kind, Outcome};
use crate::ledger::Group;
use crate::pipeline::Judged;
use crate::policy::{Policy, counts_as_verified};

/// What is counted together: a person, a service, and whether the policy
/// counts this kind of mail.
pub(super) type SeriesKey = (String, String, bool);

/// Code mails by what is counted together, in order of arrival, each mail once.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    pub(super) series: BTreeMap<SeriesKey, Vec<Seen>>,
}

/// One service over the whole replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceRow {
    pub(super) key: String,
    pub(super) count: usize,
    pub(super) verified: usize,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
}

impl Sightings {
    /// The code mails among what was judged.
    pub(super) fn of(policy: &Policy, judged: &[Judged]) -> Self {
        let mut series: BTreeMap<SeriesKey, Vec<Seen>> = BTreeMap::new();
        for one in judged {
            for reading in &one.readings {
                if reading.verdict.outcome != Outcome::Code {
                    continue;
                }
                let kind = reading.verdict.kind.unwrap_or(Kind::Login);
                let counted = policy
                    .person(&reading.person)
                    .map(|person| person.counted.as_slice())
                    .unwrap_or_default();
                let counts = Group::of(kind, counted) == Group::Counted;
                let key = (reading.person.clone(), reading.verdict.service_key.clone(), counts);
                series.entry(key).or_default().push(Seen {
                    at_ms: one.arrived_ms,
                    key: one.message.clone(),
                    verified: counts_as_verified(reading.verdict.authenticity, one.from_home),
                    kind,
                });
            }
        }
        for seen in series.values_mut() {
            *seen = distinct(std::mem::take(seen));
        }
        Self { series }
    }

    /// The arrivals of one service, or of all for `*`, of one person, within a
    /// span of time, in order.
    pub(super) fn arrivals_ms(
        &self,
        person: &str,
        service_key: &str,
        first_ms: i64,
        last_ms: i64,
    ) -> Vec<i64> {
        let mut arrivals: Vec<i64> = self
            .series
            .iter()
            .filter(|((whose, key, _), _)| {
                whose == person && (key == service_key || service_key == "*")
            })
            .flat_map(|(_, seen)| seen)
            .map(|seen| seen.at_ms)
            .filter(|at_ms| (first_ms..=last_ms).contains(at_ms))
            .collect();
        arrivals.sort_unstable();
        arrivals
    }

    /// Each service once, the most frequent first.
    pub(super) fn services(&self) -> Vec<ServiceRow> {
        let mut rows: BTreeMap<&str, ServiceRow> = BTreeMap::new();
        for ((_, key, _), seen) in &self.series {
            for one in seen {
                let row = rows.entry(key).or_insert_with(|| ServiceRow {
                    key: key.clone(),
                    count: 0,
                    verified: 0,
                    first_ms: one.at_ms,
                    last_ms: one.at_ms,
                });
                row.count += 1;
                row.verified += usize::from(one.verified);
                row.first_ms = row.first_ms.min(one.at_ms);
                row.last_ms = row.last_ms.max(one.at_ms);
            }
        }
        let mut rows: Vec<ServiceRow> = rows.into_values().collect();
        rows.sort_by(|a, b| (b.count, &a.key).cmp(&(a.count, &b.key)));
        rows
    }
}
