//! What must have rung in a world, worked out from its mails by brute force, and
//! compared with what was seen at the wire and at the bell. It shares no code
//! with the rules it checks.

use std::collections::{BTreeMap, BTreeSet};

use hansho::burst::{AlertKind, Incident, Phase};
use hansho::classify::Authenticity;
use hansho::ledger::Docket;
use hansho::message::Facts;

use super::record::Event;
use super::run::Outcome;
use super::scenario::{CROWD, PEOPLE, SERVICES};
use crate::world::{HOUR_MS, MINUTE_MS};

/// A rule as the design states it: so many within a window, over after a quiet.
#[derive(Debug, Clone, Copy)]
struct Rule {
    threshold: usize,
    window_ms: i64,
    quiet_ms: i64,
}

fn rule(alert: AlertKind, person: &str, service: &str) -> Rule {
    let (threshold, window_ms) = match alert {
        AlertKind::Hammered if (person, service) == ("hanako", "sbi-sec") => (1, 10 * MINUTE_MS),
        AlertKind::Hammered | AlertKind::PhishingFlood => (5, 10 * MINUTE_MS),
        AlertKind::Trickle => (12, 24 * HOUR_MS),
        AlertKind::Smokescreen => (4, 10 * MINUTE_MS),
        other => panic!("{other:?} has no rule"),
    };
    Rule { threshold, window_ms, quiet_ms: window_ms.max(30 * MINUTE_MS) }
}

fn rung(rule: Rule, count: u32) -> usize {
    let mut rung = rule.threshold;
    while rung * 4 <= count as usize {
        rung *= 4;
    }
    rung
}

/// A mail, or a service in a minute, with the place in the events where it was
/// first written.
#[derive(Debug, Clone)]
struct Mark {
    at_ms: i64,
    key: String,
    verified: bool,
    written: usize,
}

/// Sightings that are counted together, with each key as it counts.
struct Series {
    person: String,
    service: String,
    marks: Vec<Mark>,
}

impl Series {
    /// The marks that were written before a place, each key once where copies
    /// count once: the earliest, and verified if any is.
    fn before(&self, place: usize, once: bool) -> Vec<Mark> {
        let mut kept: Vec<Mark> = Vec::new();
        for mark in self.marks.iter().filter(|mark| mark.written < place) {
            match kept.iter_mut().find(|other| once && other.key == mark.key) {
                Some(other) => other.verified |= mark.verified,
                None => kept.push(mark.clone()),
            }
        }
        kept
    }
}

fn keys<'a>(marks: impl IntoIterator<Item = &'a Mark>) -> usize {
    marks.into_iter().map(|mark| &mark.key).collect::<BTreeSet<_>>().len()
}

/// The marks of which some window holds enough.
fn dense(marks: &[Mark], rule: Rule, needs_verified: bool) -> Vec<Mark> {
    let mut found = BTreeSet::new();
    for from in marks {
        let within: Vec<usize> = (0..marks.len())
            .filter(|&place| {
                (from.at_ms..=from.at_ms + rule.window_ms).contains(&marks[place].at_ms)
            })
            .collect();
        let enough = keys(within.iter().map(|&place| &marks[place])) >= rule.threshold;
        if enough && (!needs_verified || within.iter().any(|&place| marks[place].verified)) {
            found.extend(within);
        }
    }
    found.into_iter().map(|place| marks[place].clone()).collect()
}

fn covers(incident: &Incident, rule: Rule, at_ms: i64) -> bool {
    (incident.first_ms - rule.quiet_ms..=incident.last_ms + rule.quiet_ms).contains(&at_ms)
}

/// Checks a world; says how many alerts were checked, or what is wrong.
pub(crate) fn check(outcome: &Outcome) -> Result<u64, String> {
    let events: Vec<&Event> = outcome.record.events.iter().map(|(_, event)| event).collect();
    let written = every_mail_is_recorded(outcome, &events)?;
    nothing_is_left(outcome, &events)?;
    let rings = what_rang_was_claimed(&events)?;
    copies_have_an_excuse(&events)?;
    incidents_are_told_in_order(&events)?;
    let series = series_of(outcome, &written);
    for (docket_key, docket) in last_dockets(&events) {
        // What is sent once counts no mails.
        if docket_key.contains(CROWD) || docket_key.ends_with("|once") {
            continue;
        }
        let series = series
            .iter()
            .find(|(key, _)| *key == docket_key)
            .map(|(_, series)| series)
            .ok_or_else(|| format!("{docket_key} is nobody's"))?;
        for incident in &docket.incidents {
            supported(series, incident, &docket_key)?;
        }
    }
    for (docket_key, series) in &series {
        complete(docket_key, series, &events)?;
    }
    closings_are_exact(outcome, &series, &events)?;
    one_incident_each(&series, &events)?;
    Ok(rings)
}

fn every_mail_is_recorded(
    outcome: &Outcome,
    events: &[&Event],
) -> Result<BTreeMap<String, usize>, String> {
    let mut written = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        if let Event::Recorded { mail } = event {
            written.entry(mail.clone()).or_insert(place);
        }
    }
    for mail in &outcome.scenario.mails {
        if !written.contains_key(&mail.mail) {
            return Err(format!("{} was lost", mail.mail));
        }
    }
    Ok(written)
}

fn last_dockets(events: &[&Event]) -> BTreeMap<String, Docket> {
    let mut dockets = BTreeMap::new();
    for event in events {
        if let Event::Written { docket_key, docket, .. } = event {
            dockets.insert(docket_key.clone(), docket.clone());
        }
    }
    dockets
}

/// Nothing waits forever once the sweep runs.
fn nothing_is_left(outcome: &Outcome, events: &[&Event]) -> Result<(), String> {
    if let Some(left) = outcome.left.first() {
        return Err(format!("{left} is due forever"));
    }
    for (key, docket) in last_dockets(events) {
        if let Some(outgoing) = docket.outbox {
            return Err(format!("{key} still has {} to send", outgoing.facts.id));
        }
        if let Some(open) = docket.incidents.iter().find(|incident| !incident.closed) {
            return Err(format!("{key} still has {} open", open.id));
        }
    }
    Ok(())
}

/// Only who claimed an alert rings it, and what was claimed is rung.
fn what_rang_was_claimed(events: &[&Event]) -> Result<u64, String> {
    let mut holders: BTreeMap<&str, (u64, &Docket)> = BTreeMap::new();
    let mut claimed = BTreeSet::new();
    let mut rang = BTreeSet::new();
    let mut rings = 0;
    for event in events {
        match event {
            Event::Written { task, docket_key, docket } => {
                holders.insert(docket_key, (*task, docket));
                claimed.extend(docket.outbox.iter().map(|outgoing| &outgoing.facts.id));
            }
            Event::Rung { task, facts } => {
                rings += 1;
                rang.insert(&facts.id);
                let held = holders.values().any(|(holder, docket)| {
                    holder == task
                        && docket.outbox.as_ref().is_some_and(|own| own.facts.id == facts.id)
                });
                if !held {
                    return Err(format!("{} was rung by one who did not hold it", facts.id));
                }
            }
            _ => {}
        }
    }
    match claimed.difference(&rang).next() {
        Some(id) => Err(format!("{id} was claimed and never rung")),
        None => Ok(rings),
    }
}

/// A second copy only where the one before died, or met a fault, between
/// publishing and settling.
fn copies_have_an_excuse(events: &[&Event]) -> Result<(), String> {
    let mut before: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        let Event::Rung { task, facts } = event else { continue };
        if let Some((rung, ringer)) = before.insert(&facts.id, (place, *task)) {
            let excused = events[rung..].iter().any(|event| match event {
                Event::Killed { task } | Event::CallFailed { task } | Event::Refused { task } => {
                    *task == ringer
                }
                _ => false,
            });
            if !excused {
                return Err(format!("{} was rung twice for no reason", facts.id));
            }
        }
    }
    Ok(())
}

/// The claims of each incident, in order.
fn claims<'a>(events: &[&'a Event]) -> Vec<(usize, &'a str, &'a Facts)> {
    let mut known = BTreeSet::new();
    let mut claims = Vec::new();
    for (place, event) in events.iter().enumerate() {
        if let Event::Written { docket_key, docket, .. } = event
            && let Some(outgoing) = &docket.outbox
            && known.insert(&outgoing.facts.id)
        {
            claims.push((place, docket_key.as_str(), &outgoing.facts));
        }
    }
    claims
}

/// One opening, rungs that rise, one closing, and then no more.
fn incidents_are_told_in_order(events: &[&Event]) -> Result<(), String> {
    let mut told: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    for (_, _, facts) in claims(events) {
        if facts.phase == Phase::Once {
            continue;
        }
        let rule = rule(facts.alert, &facts.person, &facts.service_key);
        let now = rung(rule, facts.count);
        let wrong = |what: &str| Err(format!("{}: {what} ({} mails)", facts.id, facts.count));
        match (facts.phase, told.get(facts.incident.as_str()).copied()) {
            (Phase::Opened, None) => {
                if !facts.at_least && (facts.count as usize) < rule.threshold {
                    return wrong("opened below its threshold");
                }
                told.insert(&facts.incident, (now, false));
            }
            (Phase::Opened, Some(_)) => return wrong("opened twice"),
            (_, None) => return wrong("told before it was opened"),
            (_, Some((_, true))) => return wrong("told after its closing"),
            (Phase::Escalated, Some((before, _))) => {
                if now <= before {
                    return wrong("the same rung again");
                }
                told.insert(&facts.incident, (now, false));
            }
            (_, Some((before, _))) => {
                told.insert(&facts.incident, (before, true));
            }
        }
    }
    Ok(())
}

/// Every series of the world under the key of its docket.
fn series_of(outcome: &Outcome, written: &BTreeMap<String, usize>) -> Vec<(String, Series)> {
    let mut all = Vec::new();
    for person in PEOPLE {
        let mails =
            || outcome.scenario.mails.iter().filter(move |mail| mail.readings[0].person == person);
        let marks = |wanted: &dyn Fn(&str, bool) -> bool, minutes: bool| {
            let mut marks: Vec<Mark> = mails()
                .filter_map(|mail| {
                    let verdict = &mail.readings[0].verdict;
                    let verified = verdict.authenticity == Authenticity::Verified;
                    wanted(&verdict.service_key, verified).then(|| Mark {
                        at_ms: mail.arrived_ms
                            - if minutes { mail.arrived_ms % MINUTE_MS } else { 0 },
                        key: if minutes {
                            verdict.service_key.clone()
                        } else {
                            mail.message.clone()
                        },
                        verified,
                        written: written[&mail.mail],
                    })
                })
                .collect();
            marks.sort_by_key(|mark| mark.at_ms);
            marks
        };
        let series = |service: &str, marks| Series {
            person: person.to_owned(),
            service: service.to_owned(),
            marks,
        };
        for service in SERVICES {
            let both = marks(&|own, _| own == service, false);
            all.push((format!("{person}|{service}|counted|v"), series(service, both)));
            let unverified = marks(&|own, verified| own == service && !verified, false);
            all.push((format!("{person}|{service}|counted|u"), series(service, unverified)));
        }
        all.push((person.to_owned(), series("*", marks(&|_, _| true, true))));
    }
    all
}

fn alerts_of(docket_key: &str) -> &'static [AlertKind] {
    match docket_key.rsplit('|').next() {
        Some("v") => &[AlertKind::Hammered, AlertKind::Trickle],
        Some("u") => &[AlertKind::PhishingFlood],
        _ => &[AlertKind::Smokescreen],
    }
}

fn needs_verified(alert: AlertKind) -> bool {
    matches!(alert, AlertKind::Hammered | AlertKind::Trickle)
}

/// No burst is invented: what an incident says happened is in the mails.
fn supported(series: &Series, incident: &Incident, docket_key: &str) -> Result<(), String> {
    if !alerts_of(docket_key).contains(&incident.alert) {
        return Err(format!("{docket_key} holds a {:?}", incident.alert));
    }
    let rule = rule(incident.alert, &series.person, &series.service);
    let within: Vec<Mark> = series
        .before(usize::MAX, false)
        .into_iter()
        .filter(|mark| (incident.first_ms..=incident.last_ms).contains(&mark.at_ms))
        .collect();
    if dense(&within, rule, needs_verified(incident.alert)).is_empty() {
        return Err(format!("{} in {docket_key} is invented", incident.id));
    }
    if incident.count as usize > keys(&within) {
        return Err(format!("{} counts {} of {}", incident.id, incident.count, keys(&within)));
    }
    Ok(())
}

/// Every burst rings: no window is full of mails that no incident covers.
fn complete(docket_key: &str, series: &Series, events: &[&Event]) -> Result<(), String> {
    let dockets = last_dockets(events);
    let incidents = |key: &str| -> Vec<Incident> {
        dockets.get(key).map(|docket| docket.incidents.clone()).unwrap_or_default()
    };
    let own = incidents(docket_key);
    let hammered = rule(AlertKind::Hammered, &series.person, &series.service);
    // What a fast burst explains is neither a trickle nor a flood of forgeries.
    let fast: Vec<Incident> = incidents(&docket_key.replace("|u", "|v"))
        .into_iter()
        .filter(|incident| incident.alert == AlertKind::Hammered)
        .collect();
    for &alert in alerts_of(docket_key) {
        let rule = rule(alert, &series.person, &series.service);
        let explained = |at_ms: i64| {
            matches!(alert, AlertKind::Trickle | AlertKind::PhishingFlood)
                && fast.iter().any(|incident| {
                    (incident.first_ms..=incident.last_ms + hammered.quiet_ms).contains(&at_ms)
                })
        };
        let free: Vec<Mark> = series
            .before(usize::MAX, alert != AlertKind::Smokescreen)
            .into_iter()
            .filter(|mark| !explained(mark.at_ms))
            .filter(|mark| {
                !own.iter()
                    .any(|incident| incident.alert == alert && covers(incident, rule, mark.at_ms))
            })
            .collect();
        if let Some(mark) = dense(&free, rule, needs_verified(alert)).first() {
            return Err(format!("{docket_key}: a {alert:?} at {} never rang", mark.at_ms));
        }
    }
    Ok(())
}

/// The total of a closing is what had been recorded: nothing that was there when
/// it was closed is missing, and it was not closed while it went on.
fn closings_are_exact(
    outcome: &Outcome,
    series: &[(String, Series)],
    events: &[&Event],
) -> Result<(), String> {
    let dockets = last_dockets(events);
    for (closed, docket_key, claim) in claims(events) {
        if claim.phase != Phase::Closed || docket_key.contains(CROWD) {
            continue;
        }
        let Some((rung, facts)) =
            events.iter().enumerate().find_map(|(place, event)| match event {
                Event::Rung { facts, .. } if facts.id == claim.id => Some((place, facts)),
                _ => None,
            })
        else {
            continue;
        };
        if facts.at_least && outcome.scenario.crowd == 0 {
            return Err(format!("{} says at least, though it could be counted", facts.id));
        }
        if facts.phase == Phase::Once {
            continue;
        }
        let rule = rule(facts.alert, &facts.person, &facts.service_key);
        let Some((_, series)) = series.iter().find(|(key, _)| key == docket_key) else { continue };
        let docket = &dockets[docket_key];
        // Where two incidents touch, which one a mail belongs to depends on the
        // order in which they were found; so it does with what a fast one explains.
        let near = |other: &Incident| {
            other.id != facts.incident
                && other.first_ms - 2 * rule.quiet_ms <= facts.last_ms
                && other.last_ms + 2 * rule.quiet_ms >= facts.first_ms
        };
        let explained = match facts.alert {
            AlertKind::Trickle | AlertKind::PhishingFlood => {
                dockets.get(&docket_key.replace("|u", "|v")).is_some_and(|docket| {
                    docket.incidents.iter().any(|other| other.alert == AlertKind::Hammered)
                })
            }
            _ => false,
        };
        if explained
            || docket.incidents.iter().any(|other| other.alert == facts.alert && near(other))
        {
            continue;
        }
        let once = facts.alert != AlertKind::Smokescreen;
        let within = |place: usize| {
            let marks = series.before(place, once);
            keys(marks.iter().filter(|m| (facts.first_ms..=facts.last_ms).contains(&m.at_ms)))
        };
        let (least, most) = (within(closed), within(rung));
        if !(least..=most).contains(&(facts.count as usize)) {
            return Err(format!("{} says {}, not {least} to {most}", facts.id, facts.count));
        }
        let known = series.before(closed, once);
        // A late copy gives way to an earlier one that was found before it rang.
        let counts = series.before(rung, once);
        let went_on = |mark: &Mark| {
            (facts.last_ms + 1..=facts.last_ms + rule.quiet_ms).contains(&mark.at_ms)
                && counts.iter().any(|other| other.written == mark.written)
        };
        if known.iter().any(went_on) {
            return Err(format!("{} was closed while it went on", facts.id));
        }
        let began_before =
            |mark: &Mark| (facts.first_ms - rule.quiet_ms..facts.first_ms).contains(&mark.at_ms);
        if dense(&known, rule, needs_verified(facts.alert)).iter().any(began_before) {
            return Err(format!("{} began before it says", facts.id));
        }
    }
    Ok(())
}

/// Whatever the order, a burst that was recorded before any incident of its
/// series was closed, and that holds within one quiet time, is one incident, and
/// its total is the number of its mails.
fn one_incident_each(series: &[(String, Series)], events: &[&Event]) -> Result<(), String> {
    let dockets = last_dockets(events);
    let claims = claims(events);
    for (docket_key, series) in series.iter().filter(|(key, _)| key.ends_with("|v")) {
        let rule = rule(AlertKind::Hammered, &series.person, &series.service);
        let marks = series.before(usize::MAX, true);
        let first_closing = claims
            .iter()
            .find(|(_, key, facts)| {
                *key == docket_key
                    && facts.alert == AlertKind::Hammered
                    && facts.phase == Phase::Closed
            })
            .map_or(usize::MAX, |(place, _, _)| *place);
        let copies = marks.len() < series.marks.len();
        if copies || marks.iter().any(|mark| mark.written > first_closing) {
            continue;
        }
        let dense = dense(&marks, rule, true);
        let Some(first) = dense.first() else { continue };
        let last_ms = marks.iter().map(|mark| mark.at_ms).max().unwrap_or(first.at_ms);
        if last_ms - first.at_ms > rule.quiet_ms {
            continue;
        }
        let incidents: Vec<&Incident> = dockets
            .get(docket_key)
            .map(|docket| docket.incidents.iter().collect())
            .unwrap_or_default();
        let told: Vec<&&Incident> =
            incidents.iter().filter(|own| own.alert == AlertKind::Hammered).collect();
        let expected = keys(marks.iter().filter(|mark| mark.at_ms >= first.at_ms));
        let said: Vec<usize> = told.iter().map(|incident| incident.count as usize).collect();
        if said != [expected] {
            return Err(format!("{docket_key}: one burst of {expected} became {said:?}"));
        }
    }
    Ok(())
}
