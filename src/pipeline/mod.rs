//! The line and the sweep: all the branching there is, read top to bottom.
//! A mail is judged, recorded, and looked at with its neighbours; what that
//! changes is claimed together with the alert to be sent, sent, and settled.
//! This room must not know where mails come from, nor how an alert is sent.

use std::sync::{Arc, Mutex};

use futures_util::future;
use tracing::{error, info, warn};

use crate::burst::{AlertKind, Phase};
use crate::classify::{Kind, Outcome};
use crate::ledger::{
    DUE_MAX, Docket, DocketKey, Group, Ledger, LedgerError, Outgoing, Series, Sighting, Written,
};
use crate::message::Facts;
use crate::notify::Notify;
use crate::policy::{Policy, counts_as_verified, drill};

mod judge;
mod moment;
mod tell;

pub use judge::{Arrival, Judged, Origin, Reading, judge, judge_drill};
use moment::{Moment, Move};
use tell::Tally;
pub use tell::Unsent;

/// One mail or one docket may be moved on so often at a time; what is left, the
/// sweep does.
const ROUNDS_MAX: u32 = 8;
/// An alert that could not be sent for so long is given up, in milliseconds.
const UNDELIVERABLE_MS: i64 = 24 * 3600 * 1000;
/// The sweep looks at an incident again so soon after an alert, in milliseconds,
/// to ring what the bounded read of a mail could not count.
const RECHECK_MS: i64 = 60 * 1000;

/// The first code mail of a person is reported so long after it, in
/// milliseconds: a burst that begins with it is told instead.
const CONNECTED_AFTER_MS: i64 = 10 * 60 * 1000;
/// The name of the docket of that report.
const CONNECTED: &str = "connected";

/// The line, wired.
pub struct Line<N> {
    /// Where sightings and incidents stand.
    pub ledger: Ledger,
    /// Where alerts go.
    pub notify: N,
    /// The clock, in milliseconds since the epoch.
    pub now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Where ids and nonces come from.
    pub nonces: Nonces,
    /// Nobody else sends a claimed alert for so long, in milliseconds. Longer
    /// than whoever claims it can live.
    pub lease_ms: i64,
}

/// Ids and nonces: 128 random bits in hex.
#[derive(Debug)]
pub struct Nonces(Mutex<fastrand::Rng>);

impl Nonces {
    /// From a generator: freshly seeded where runs must differ, fixed where
    /// they must not.
    pub fn new(generator: fastrand::Rng) -> Self {
        Self(Mutex::new(generator))
    }

    fn next(&self) -> String {
        let mut generator = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        format!("{:032x}", generator.u128(..))
    }
}

/// What became of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What it was taken for.
    pub outcome: Outcome,
    /// It is for nobody that the policy names.
    pub unrouted: bool,
    /// How many alerts were sent on its account.
    pub alerts: u32,
    /// What was not sent, though it was due.
    pub unsent: Unsent,
}

/// What one sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Dockets that were due.
    pub due: u32,
    /// Alerts sent.
    pub alerts: u32,
    /// What was not sent, though it was due.
    pub unsent: Unsent,
    /// Dockets that could not be moved on; the next sweep tries again.
    pub failed: u32,
}

impl<N: Notify> Line<N> {
    /// Takes in one mail that has been judged: record, assess, claim, alert,
    /// settle. Doing it twice, even at the same time, changes nothing.
    ///
    /// # Errors
    /// [`LedgerError`] if the mail may not have been counted; then it must come
    /// again. An alert that could not be sent is no error here: it stands in
    /// the ledger, and the sweep sends it.
    pub async fn take(&self, policy: &Policy, judged: &Judged) -> Result<Taken, LedgerError> {
        let mut tally = Tally::default();
        for reading in &judged.readings {
            tally += match reading.verdict.outcome {
                Outcome::Code => self.count(policy, judged, reading).await?,
                Outcome::ForwardConfirmation => self.relay(policy, judged, reading).await?,
                Outcome::Other => Tally::default(),
            };
        }
        Ok(Taken {
            outcome: judged.outcome,
            unrouted: judged.readings.is_empty(),
            alerts: tally.sent,
            unsent: tally.unsent,
        })
    }

    /// Sends what is past its lease and closes what has been quiet.
    ///
    /// # Errors
    /// [`LedgerError`] if the list of what is due could not be read.
    pub async fn sweep(&self, policy: &Policy) -> Result<Swept, LedgerError> {
        let mut swept = Swept::default();
        for (key, _) in self.ledger.due((self.now_ms)(), DUE_MAX).await? {
            swept.due += 1;
            match self.tend(policy, &key).await {
                Ok(tally) => {
                    swept.alerts += tally.sent;
                    swept.unsent += tally.unsent;
                }
                Err(error) => {
                    swept.failed += 1;
                    warn!(person.id = key.person(), %error, "a docket could not be moved on: {error}");
                }
            }
        }
        Ok(swept)
    }

    /// One code mail of one person.
    async fn count(
        &self,
        policy: &Policy,
        judged: &Judged,
        reading: &Reading,
    ) -> Result<Tally, LedgerError> {
        let kind = reading.verdict.kind.unwrap_or(Kind::Login);
        let counted = policy
            .person(&reading.person)
            .map(|person| person.counted.as_slice())
            .unwrap_or_default();
        let sighting = Sighting {
            series: Series {
                person: reading.person.clone(),
                service_key: reading.verdict.service_key.clone(),
                group: Group::of(kind, counted),
            },
            verified: counts_as_verified(reading.verdict.authenticity, judged.from_home),
            arrived_ms: judged.arrived_ms,
            mail: judged.mail.clone(),
            message: judged.message.clone(),
            kind,
        };
        self.ledger.record(&sighting, (self.now_ms)()).await?;

        let reach_ms = policy.reach_ms(&sighting.series.person, &sighting.series.service_key);
        let minutes_reach_ms = policy
            .rule(&sighting.series.person, &sighting.series.service_key, AlertKind::Smokescreen)
            .window_ms;
        let person_key = DocketKey::Person(reading.person.clone());
        let mut is_known = false;
        let mut tally = Tally::default();
        for _ in 0..ROUNDS_MAX {
            let around = self.ledger.around(&sighting, reach_ms, minutes_reach_ms).await?;
            let moment = Moment::around(policy, &sighting, reach_ms, minutes_reach_ms, around);
            is_known = moment.docket(&person_key).is_some();
            let Some((key, change)) = moment.on_mail((self.now_ms)(), &sighting) else {
                break;
            };
            tally += self.advance(policy, &moment, &key, change).await?;
        }
        let is_drill = drill::whose(&reading.person).is_some();
        if !is_known && sighting.verified && !judged.from_home && !is_drill {
            self.greet(&sighting).await;
        }
        Ok(tally)
    }

    /// The first code mail of a person that is real and came through SES:
    /// forwarding works. That is told later, by the sweep. The mail is counted
    /// already, so nothing here makes it come again; if this fails, the next
    /// mail is the first.
    async fn greet(&self, sighting: &Sighting) {
        let person = &sighting.series.person;
        let now_ms = (self.now_ms)();
        let facts = once(
            AlertKind::Connected,
            CONNECTED.to_owned(),
            person,
            &sighting.series.service_key,
            sighting.arrived_ms,
        );
        let later = Docket {
            outbox: Some(Outgoing {
                facts: Facts { kind: sighting.kind, ..facts },
                to_count: false,
                lease_until_ms: now_ms + CONNECTED_AFTER_MS,
                claimed_at_ms: now_ms,
                attempts: 0,
            }),
            ..Docket::default()
        };
        let greeted = async {
            // It stands there already if another was faster, or if the person
            // has been told of an incident.
            self.write(&connected_key(person), None, later, now_ms).await?;
            // From now on the person is known, and none of this is looked at.
            let person_key = DocketKey::Person(person.clone());
            self.write(&person_key, None, Docket::default(), now_ms).await
        };
        if let Err(error) = greeted.await {
            warn!(person.id = person, %error, "a first code mail was not noted: {error}");
        }
    }

    /// Whoever is told of an incident knows that forwarding works; only a flood
    /// of mails that may be forged does not show it, and then the first real
    /// mail that comes later is still greeted.
    async fn forestall_greeting(&self, facts: &Facts) {
        if facts.phase != Phase::Opened || drill::whose(&facts.person).is_some() {
            return;
        }
        let key = connected_key(&facts.person);
        let forestalled = async {
            for _ in 0..ROUNDS_MAX {
                let seen = self.ledger.docket(&key).await?;
                let is_settled = match &seen {
                    Some(docket) => docket.outbox.is_none(),
                    None => facts.alert == AlertKind::PhishingFlood,
                };
                if is_settled
                    || self
                        .write(&key, seen.as_ref(), Docket::default(), (self.now_ms)())
                        .await?
                        .is_some()
                {
                    break;
                }
            }
            Ok::<(), LedgerError>(())
        };
        if let Err(error) = forestalled.await {
            warn!(person.id = facts.person, %error, "a greeting may follow an alert: {error}");
        }
    }

    /// One docket that is due.
    async fn tend(&self, policy: &Policy, key: &DocketKey) -> Result<Tally, LedgerError> {
        let mut tally = Tally::default();
        for _ in 0..ROUNDS_MAX {
            let moment = self.look(policy, key).await?;
            let Some(change) = moment.on_sweep(key, (self.now_ms)()) else { break };
            tally += self.advance(policy, &moment, key, change).await?;
        }
        Ok(tally)
    }

    /// Everything that one docket's open incidents hold.
    async fn look(&self, policy: &Policy, key: &DocketKey) -> Result<Moment, LedgerError> {
        let Some(docket) = self.ledger.docket(key).await? else { return Ok(Moment::default()) };
        let from_ms = moment::counted_from_ms(policy, key, &docket);
        match key {
            DocketKey::Verified(series) | DocketKey::Unverified(series) => Ok(Moment::of_series(
                policy,
                series,
                from_ms,
                self.ledger.history(series, from_ms).await?,
            )),
            DocketKey::Person(person) => Ok(Moment::of_person(
                policy,
                person,
                from_ms,
                self.ledger.minutes(person, from_ms).await?,
            )),
            DocketKey::Once { .. } => Ok(Moment::of_docket(key, docket)),
        }
    }

    /// Claims one change and, where there is something to say, says it.
    async fn advance(
        &self,
        policy: &Policy,
        moment: &Moment,
        key: &DocketKey,
        change: Move,
    ) -> Result<Tally, LedgerError> {
        let now_ms = (self.now_ms)();
        let seen = moment.docket(key);
        let mut next = seen.cloned().unwrap_or_default();
        let muted = moment::apply(
            &mut next,
            policy,
            key,
            change,
            &self.nonces.next(),
            now_ms,
            now_ms + self.lease_ms,
            RECHECK_MS,
        );
        match self.write(key, seen, next, now_ms).await? {
            // Another was faster. What it left is looked at in the next round.
            None => Ok(Tally::default()),
            Some(docket) => match docket.outbox.clone() {
                Some(outgoing) => self.send(policy, key, docket, outgoing).await,
                None => {
                    if muted > 0 {
                        info!(person.id = key.person(), "a mute kept an alert silent");
                    }
                    Ok(Tally { unsent: Unsent { muted, ..Unsent::default() }, sent: 0 })
                }
            },
        }
    }

    /// Writes a docket as this attempt; `None` if another was faster.
    async fn write(
        &self,
        key: &DocketKey,
        seen: Option<&Docket>,
        mut next: Docket,
        now_ms: i64,
    ) -> Result<Option<Docket>, LedgerError> {
        next.revision = seen.map_or(0, |seen| seen.revision) + 1;
        next.nonce = self.nonces.next();
        match self.ledger.write(key, seen, &next, now_ms).await? {
            Written::Yes => Ok(Some(next)),
            Written::No => Ok(None),
        }
    }

    /// Sends a claimed alert and settles it.
    async fn send(
        &self,
        policy: &Policy,
        key: &DocketKey,
        docket: Docket,
        outgoing: Outgoing,
    ) -> Result<Tally, LedgerError> {
        let mut settled = docket.clone();
        settled.outbox = None;
        if !matches!(key, DocketKey::Once { .. }) {
            settled.busy_since_ms = docket.busy_since_ms.or(Some(outgoing.claimed_at_ms));
        }
        let mut facts = outgoing.facts.clone();
        if outgoing.to_count {
            // Closed first, counted then: whoever still saw the incident open
            // had recorded its mail before this count.
            let moment = self.look(policy, key).await?;
            moment.count(key, &mut facts, &mut settled);
        }
        let now_ms = (self.now_ms)();
        let id = facts.id.clone();
        let (told, ()) = future::join(
            self.tell(policy, &outgoing, facts.clone(), now_ms),
            self.forestall_greeting(&facts),
        )
        .await;
        let tally = match told {
            Ok(tally) => tally,
            Err(failure) if now_ms - outgoing.claimed_at_ms < UNDELIVERABLE_MS => {
                error!(alert.id = id, alert.attempts = outgoing.attempts, error = %failure, "an alert could not be sent, the sweep tries again: {failure}");
                return Ok(Tally::default());
            }
            Err(failure) => {
                error!(alert.id = id, alert.attempts = outgoing.attempts, error = %failure, "an alert was given up after a day: {failure}");
                Tally::default()
            }
        };
        // If this is not written, the alert is sent once more when its lease is over.
        self.write(key, Some(&docket), settled, now_ms).await?;
        Ok(tally)
    }

    /// Relays the link of a forwarding confirmation to the person, once.
    async fn relay(
        &self,
        policy: &Policy,
        judged: &Judged,
        reading: &Reading,
    ) -> Result<Tally, LedgerError> {
        let Some(link) = &reading.verdict.confirm_link else { return Ok(Tally::default()) };
        if !counts_as_verified(reading.verdict.authenticity, judged.from_home) {
            return Ok(Tally::default());
        }
        let name = format!("confirm-{}", judged.message);
        let facts = Facts {
            link: Some(link.clone()),
            mailbox: reading.verdict.confirm_mailbox.clone(),
            ..once(
                AlertKind::ForwardConfirmation,
                name.clone(),
                &reading.person,
                &reading.verdict.service_key,
                judged.arrived_ms,
            )
        };
        let key = DocketKey::Once { person: reading.person.clone(), name };
        let now_ms = (self.now_ms)();
        let seen = self.ledger.docket(&key).await?;
        let attempts = match &seen {
            None => 0,
            Some(Docket { outbox: Some(outgoing), .. }) if outgoing.lease_until_ms <= now_ms => {
                outgoing.attempts
            }
            Some(_) => return Ok(Tally::default()),
        };
        let outgoing = Outgoing {
            facts,
            to_count: false,
            lease_until_ms: now_ms + self.lease_ms,
            claimed_at_ms: now_ms,
            attempts: attempts + 1,
        };
        let next = Docket { outbox: Some(outgoing.clone()), ..seen.clone().unwrap_or_default() };
        match self.write(&key, seen.as_ref(), next, now_ms).await? {
            Some(docket) => self.send(policy, &key, docket, outgoing).await,
            None => Ok(Tally::default()),
        }
    }
}

/// The docket of the report that forwarding works.
fn connected_key(person: &str) -> DocketKey {
    DocketKey::Once { person: person.to_owned(), name: CONNECTED.to_owned() }
}

/// The facts of an alert that has no incident.
fn once(alert: AlertKind, name: String, person: &str, service_key: &str, arrived_ms: i64) -> Facts {
    Facts {
        id: name.clone(),
        incident: name,
        alert,
        phase: Phase::Once,
        person: person.to_owned(),
        service_key: service_key.to_owned(),
        kind: Kind::Login,
        count: 1,
        at_least: false,
        verified: 1,
        since_last: 1,
        peak: 1,
        window_ms: 0,
        first_ms: arrived_ms,
        last_ms: arrived_ms,
        services: Vec::new(),
        link: None,
        mailbox: None,
        held_back: 0,
        muted: 0,
    }
}
