//! What one look at the ledger shows, and what it changes. Pure: the sightings
//! and dockets of a moment in, the next move out. `burst` knows when a bell
//! rings; this file knows which sightings each bell counts, and in which docket
//! it is entered.

use crate::burst::{self, AlertKind, Extent, INCIDENTS_MAX, Incident, Phase, Rule, Step, View};
use crate::ledger::{Docket, DocketKey, Outgoing, Page, Series, Sighting, Surroundings, minute_of};
use crate::message::Facts;
use crate::policy::Policy;

/// Several services at once.
const SEVERAL: &str = "*";
const MINUTE_MS: i64 = 60_000;
/// A burst that found no place, because an alert was on its way, is looked for
/// among mails that came up to so late, in milliseconds.
const LATE_MS: i64 = 24 * 60 * MINUTE_MS;

/// A change to one docket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    /// The alert that another claimed is past its lease: send it.
    TakeOver,
    /// What an incident of this kind needs.
    Step(AlertKind, Step),
    /// No burst has found no place while alerts were on their way.
    LookedBack,
}

/// What one look at the ledger shows.
#[derive(Debug, Default)]
pub(super) struct Moment {
    bells: Vec<Bell>,
    dockets: Vec<(DocketKey, Docket)>,
}

/// One rule with the sightings that it counts.
#[derive(Debug)]
struct Bell {
    alert: AlertKind,
    key: DocketKey,
    rule: Rule,
    view: View,
}

impl Moment {
    /// What stands around one sighting.
    pub(super) fn around(
        policy: &Policy,
        sighting: &Sighting,
        reach_ms: i64,
        minutes_reach_ms: i64,
        around: Surroundings,
    ) -> Self {
        let mut moment = Self::of_series(
            policy,
            &sighting.series,
            sighting.arrived_ms - reach_ms,
            Surroundings {
                verified: around.verified,
                unverified: around.unverified,
                minutes: Page::default(),
            },
        );
        let person = Self::of_person(
            policy,
            &sighting.series.person,
            sighting.arrived_ms - minutes_reach_ms,
            around.minutes,
        );
        moment.bells.extend(person.bells);
        moment.dockets.extend(person.dockets);
        moment
    }

    /// The sightings of a series, complete from a time on.
    pub(super) fn of_series(
        policy: &Policy,
        series: &Series,
        from_ms: i64,
        around: Surroundings,
    ) -> Self {
        let verified_key = DocketKey::Verified(series.clone());
        let unverified_key = DocketKey::Unverified(series.clone());
        let rule = |alert| policy.rule(&series.person, &series.service_key, alert);
        let known = around
            .verified
            .docket
            .as_ref()
            .map(|docket| docket.incidents.as_slice())
            .unwrap_or_default();

        let unverified = view(&[&around.unverified], from_ms);
        let all = view(&[&around.verified, &around.unverified], from_ms);
        // What a fast burst explains is neither a trickle nor, unverified as
        // some of it may be, a flood of forgeries.
        let explained =
            burst::explained(&all, &rule(AlertKind::Hammered), AlertKind::Hammered, known);
        let bell = |alert, key: &DocketKey, view| Bell {
            alert,
            key: key.clone(),
            rule: rule(alert),
            view,
        };
        let bells = vec![
            bell(AlertKind::Trickle, &verified_key, burst::without(&all, &explained)),
            bell(
                AlertKind::PhishingFlood,
                &unverified_key,
                burst::without(&unverified, &explained),
            ),
        ];
        let mut moment = Self { bells, dockets: Vec::new() };
        moment.bells.insert(0, bell(AlertKind::Hammered, &verified_key, all));
        moment.dockets.extend(around.verified.docket.map(|docket| (verified_key, docket)));
        moment.dockets.extend(around.unverified.docket.map(|docket| (unverified_key, docket)));
        moment
    }

    /// The services of a person by minute, complete from a time on.
    pub(super) fn of_person(policy: &Policy, person: &str, from_ms: i64, minutes: Page) -> Self {
        let key = DocketKey::Person(person.to_owned());
        let mut seen = minutes.seen;
        seen.sort_by(|a, b| (a.at_ms, &a.key).cmp(&(b.at_ms, &b.key)));
        let complete_from_ms = if minutes.truncated {
            seen.first().map_or(from_ms, |seen| seen.at_ms)
        } else {
            from_ms
        };
        let bell = Bell {
            alert: AlertKind::Smokescreen,
            key: key.clone(),
            rule: policy.rule(person, SEVERAL, AlertKind::Smokescreen),
            view: View { seen, complete_from_ms, truncated: minutes.truncated },
        };
        Self {
            bells: vec![bell],
            dockets: minutes.docket.map(|docket| (key, docket)).into_iter().collect(),
        }
    }

    /// A docket that counts nothing.
    pub(super) fn of_docket(key: &DocketKey, docket: Docket) -> Self {
        Self { bells: Vec::new(), dockets: vec![(key.clone(), docket)] }
    }

    /// The docket under this key, if there is one yet.
    pub(super) fn docket(&self, key: &DocketKey) -> Option<&Docket> {
        self.dockets.iter().find(|(own, _)| own == key).map(|(_, docket)| docket)
    }

    /// What the mail that arrived then changes, the most pressing first.
    pub(super) fn on_mail(&self, now_ms: i64, sighting: &Sighting) -> Option<(DocketKey, Move)> {
        if let Some(overdue) = self.overdue(now_ms) {
            return Some(overdue);
        }
        self.bells.iter().filter(|bell| self.is_free(&bell.key)).find_map(|bell| {
            let at_ms = match bell.alert {
                AlertKind::Smokescreen => minute_of(sighting.arrived_ms),
                // A copy of a mail counts where the earliest of its copies stands.
                _ => {
                    let own = bell.view.seen.iter().find(|seen| seen.key == sighting.message);
                    own.map_or(sighting.arrived_ms, |seen| seen.at_ms)
                }
            };
            let step = burst::on_mail(
                at_ms,
                &bell.view,
                &bell.rule,
                bell.alert,
                self.incidents(&bell.key),
            )?;
            Some((bell.key.clone(), Move::Step(bell.alert, step)))
        })
    }

    /// What time changes for one docket.
    pub(super) fn on_sweep(&self, key: &DocketKey, now_ms: i64) -> Option<Move> {
        if let Some((_, change)) = self.overdue(now_ms).filter(|(overdue, _)| overdue == key) {
            return Some(change);
        }
        if !self.is_free(key) {
            return None;
        }
        let bells = || self.bells.iter().filter(|bell| bell.key == *key);
        let incidents = self.incidents(key);
        let timely = bells().find_map(|bell| {
            let step = burst::on_sweep(now_ms, &bell.view, &bell.rule, bell.alert, incidents)?;
            Some(Move::Step(bell.alert, step))
        });
        timely.or_else(|| {
            self.docket(key)?.busy_since_ms?;
            let unplaced = bells().find_map(|bell| {
                let step = burst::unplaced(&bell.view, &bell.rule, bell.alert, incidents)?;
                Some(Move::Step(bell.alert, step))
            });
            Some(unplaced.unwrap_or(Move::LookedBack))
        })
    }

    /// Fills in the totals of a closing, and what is remembered of it.
    pub(super) fn count(&self, key: &DocketKey, facts: &mut Facts, docket: &mut Docket) {
        let Some(place) =
            docket.incidents.iter().position(|incident| incident.id == facts.incident)
        else {
            return;
        };
        let Some(bell) =
            self.bells.iter().find(|bell| bell.key == *key && bell.alert == facts.alert)
        else {
            return;
        };
        let Some(extent) = burst::total(place, &bell.view, &bell.rule, &docket.incidents) else {
            return;
        };
        if let Some(incident) = docket.incidents.get_mut(place) {
            // Of a muted incident nothing was told before; its closing says all.
            let told = facts.count.saturating_sub(facts.since_last);
            facts.since_last = extent.count.saturating_sub(told);
            incident.first_ms = extent.first_ms;
            incident.last_ms = extent.last_ms;
            incident.count = extent.count;
            incident.peak = extent.peak;
        }
        fill(facts, &extent);
    }

    fn overdue(&self, now_ms: i64) -> Option<(DocketKey, Move)> {
        self.dockets
            .iter()
            .find(|(_, docket)| {
                docket.outbox.as_ref().is_some_and(|outgoing| outgoing.lease_until_ms <= now_ms)
            })
            .map(|(key, _)| (key.clone(), Move::TakeOver))
    }

    /// While an alert is on its way, nothing else is claimed in its docket: the
    /// mail whose burst finds no place has been recorded, and once the alert is
    /// settled the sweep looks back.
    fn is_free(&self, key: &DocketKey) -> bool {
        self.docket(key).is_none_or(|docket| docket.outbox.is_none())
    }

    fn incidents(&self, key: &DocketKey) -> &[Incident] {
        self.docket(key).map(|docket| docket.incidents.as_slice()).unwrap_or_default()
    }
}

/// From when on the sightings of a docket's incidents must be read, in
/// milliseconds since the epoch.
pub(super) fn counted_from_ms(policy: &Policy, key: &DocketKey, docket: &Docket) -> i64 {
    let service_key = match key {
        DocketKey::Verified(series) | DocketKey::Unverified(series) => series.service_key.as_str(),
        DocketKey::Person(_) | DocketKey::Once { .. } => SEVERAL,
    };
    let outgoing = docket.outbox.as_ref().map(|outgoing| outgoing.facts.incident.as_str());
    let counted = docket
        .incidents
        .iter()
        .filter(|incident| !incident.closed || Some(incident.id.as_str()) == outgoing)
        .map(|incident| {
            // What lies before it belongs to it if it is dense, and that is seen
            // only with the whole window.
            let rule = policy.rule(key.person(), service_key, incident.alert);
            incident.first_ms - rule.quiet_ms() - rule.window_ms
        })
        .min();
    // Past the oldest incident of a full list some may have been forgotten, and
    // what they reported would look as if it had never rung.
    let remembered_ms = (docket.incidents.len() >= INCIDENTS_MAX)
        .then(|| docket.incidents.iter().map(|incident| incident.last_ms).min())
        .flatten();
    let looked_back = docket.busy_since_ms.map(|since_ms| {
        let reach_ms = policy.reach_ms(key.person(), service_key);
        (since_ms - LATE_MS - reach_ms).max(remembered_ms.unwrap_or(i64::MIN))
    });
    counted.into_iter().chain(looked_back).min().unwrap_or(i64::MAX)
}

/// Enters a change into a docket, with the alert that it asks for, or, where a
/// mute keeps that silent, without it. Says how many were kept silent: one or none.
#[expect(
    clippy::too_many_arguments,
    reason = "a change is made of all of these, and of nothing that belongs together"
)]
pub(super) fn apply(
    docket: &mut Docket,
    policy: &Policy,
    key: &DocketKey,
    change: Move,
    id: &str,
    now_ms: i64,
    lease_until_ms: i64,
    recheck_ms: i64,
) -> u32 {
    let (alert, step) = match change {
        Move::TakeOver => {
            if let Some(outgoing) = &mut docket.outbox {
                outgoing.lease_until_ms = lease_until_ms;
                outgoing.attempts += 1;
            }
            return 0;
        }
        Move::LookedBack => {
            docket.busy_since_ms = None;
            return 0;
        }
        Move::Step(alert, step) => (alert, step),
    };
    let (person, service_key) = match key {
        DocketKey::Verified(series) | DocketKey::Unverified(series) => {
            (&series.person, series.service_key.as_str())
        }
        DocketKey::Person(person) | DocketKey::Once { person, .. } => (person, SEVERAL),
    };
    let rule = policy.rule(person, service_key, alert);
    let (place, phase, extent) = match step {
        Step::Open(extent) => {
            let incident = Incident {
                id: id.to_owned(),
                alert,
                closed: false,
                first_ms: extent.first_ms,
                last_ms: extent.last_ms,
                count: 0,
                rung: 0,
                peak: 0,
                check_at_ms: 0,
                muted: 0,
                unheard: true,
            };
            burst::remember(&mut docket.incidents, incident);
            (docket.incidents.len().saturating_sub(1), Phase::Opened, extent)
        }
        Step::Escalate(place, extent) => (place, Phase::Escalated, extent),
        Step::Close(place, extent) => (place, Phase::Closed, extent),
        Step::Wait(place, extent) => {
            if let Some(incident) = docket.incidents.get_mut(place) {
                incident.first_ms = extent.first_ms;
                incident.last_ms = extent.last_ms;
                incident.peak = extent.peak;
                incident.check_at_ms = extent.last_ms.saturating_add(rule.quiet_ms());
            }
            return 0;
        }
        Step::Begin(place, first_ms) => {
            if let Some(incident) = docket.incidents.get_mut(place) {
                incident.first_ms = first_ms;
            }
            return 0;
        }
    };
    let Some(incident) = docket.incidents.get_mut(place) else { return 0 };
    // A closing is told all the same, by e-mail: it says what was muted.
    let is_muted = phase != Phase::Closed && policy.is_muted(person, service_key, now_ms);
    // The first alert after a mute tells the incident from its beginning.
    let phase = if phase == Phase::Escalated && incident.unheard { Phase::Opened } else { phase };
    let told = if incident.unheard { 0 } else { incident.count };
    let mut facts = Facts {
        id: match phase {
            Phase::Escalated => format!("{}.{}", incident.id, rule.rung(extent.count)),
            _ => format!("{}.{}", incident.id, phase.as_str()),
        },
        incident: incident.id.clone(),
        alert,
        phase,
        person: person.clone(),
        service_key: service_key.to_owned(),
        kind: extent.kind,
        count: 0,
        at_least: false,
        verified: 0,
        since_last: extent.count.saturating_sub(told),
        peak: 0,
        window_ms: rule.window_ms,
        first_ms: 0,
        last_ms: 0,
        services: Vec::new(),
        link: None,
        mailbox: None,
        held_back: 0,
        muted: incident.muted,
    };
    fill(&mut facts, &extent);
    incident.first_ms = extent.first_ms;
    incident.last_ms = extent.last_ms;
    incident.peak = extent.peak;
    if phase == Phase::Closed {
        incident.closed = true;
    } else {
        incident.count = extent.count;
        incident.rung = rule.rung(extent.count).max(incident.rung);
        incident.check_at_ms =
            (now_ms + recheck_ms).min(extent.last_ms.saturating_add(rule.quiet_ms()));
    }
    if is_muted {
        incident.muted = incident.muted.saturating_add(1);
        return 1;
    }
    incident.unheard = false;
    docket.outbox = Some(Outgoing {
        facts,
        to_count: phase == Phase::Closed,
        lease_until_ms,
        claimed_at_ms: now_ms,
        attempts: 1,
    });
    0
}

fn fill(facts: &mut Facts, extent: &Extent) {
    facts.count = extent.count;
    facts.at_least = extent.at_least;
    facts.verified = extent.verified;
    facts.kind = extent.kind;
    facts.peak = extent.peak;
    facts.first_ms = extent.first_ms;
    facts.last_ms = extent.last_ms;
    if facts.alert == AlertKind::Smokescreen {
        facts.services.clone_from(&extent.keys);
    }
}

/// The sightings of several pages as one view.
fn view(pages: &[&Page], from_ms: i64) -> View {
    let rows: usize = pages.iter().map(|page| page.seen.len()).sum();
    let all = || pages.iter().flat_map(|page| page.seen.iter().cloned());
    let truncated = pages.iter().any(|page| page.truncated);
    let complete_from_ms = pages
        .iter()
        .filter(|page| page.truncated)
        .filter_map(|page| page.seen.iter().map(|seen| seen.at_ms).min())
        .fold(from_ms, i64::max);
    let mut seen = burst::distinct(all().collect());
    if truncated && seen.len() < rows / 8 {
        // A bounded read full of copies of a few mails hides what lies below
        // them. Then every copy counts: a bell too many, never one too few.
        seen = all()
            .enumerate()
            .map(|(copy, seen)| burst::Seen { key: format!("{}~{copy}", seen.key), ..seen })
            .collect();
        seen.sort_by_key(|seen| seen.at_ms);
    }
    View { seen, complete_from_ms, truncated }
}
