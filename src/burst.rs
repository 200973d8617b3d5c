//! Sightings and a rule to spans, bursts and incidents. Pure: any order of
//! sightings gives the same answer, and time is data. This room must not know
//! rows, AWS, texts or the clock.
//!
//! A mail is *dense* if some window of the rule that holds it holds at least
//! the threshold. An incident begins at a dense mail and goes on while the next
//! mail comes within the rule's quiet time. That definition does not depend on
//! the order of arrival, so whichever of many concurrent readers looks last
//! sees the incident whole.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::classify::Kind;

mod alert;
#[cfg(test)]
mod tests;

pub use alert::{AlertKind, Phase};

/// The shortest quiet after which an incident is over, in milliseconds.
pub const QUIET_MS_MIN: i64 = 30 * 60 * 1000;
/// Each rung of an incident's alerts is this many times the one before.
pub const RUNG_FACTOR: u32 = 4;
/// At most this many incidents are remembered for one person and service.
pub const INCIDENTS_MAX: usize = 16;

/// When a bell rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many within one window open an incident; at least 1.
    pub threshold: u32,
    /// The window, in milliseconds.
    pub window_ms: i64,
}

impl Rule {
    /// An incident is over after so much quiet, in milliseconds.
    pub fn quiet_ms(&self) -> i64 {
        self.window_ms.max(QUIET_MS_MIN)
    }

    /// The highest rung that a count has reached: the threshold times a power
    /// of [`RUNG_FACTOR`]; 0 below the threshold.
    pub fn rung(&self, count: u32) -> u32 {
        let mut reached = 0;
        let mut rung = self.threshold.max(1);
        while rung <= count {
            reached = rung;
            match rung.checked_mul(RUNG_FACTOR) {
                Some(next) => rung = next,
                None => break,
            }
        }
        reached
    }
}

/// One thing seen at one time, as a rule counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When it arrived, in milliseconds since the epoch.
    pub at_ms: i64,
    /// What is counted once: the fingerprint of a mail's Message-ID, or, for a
    /// smokescreen, the key of a service.
    pub key: String,
    /// Whether the service really sent it.
    pub verified: bool,
    /// What it asks to prove.
    pub kind: Kind,
}

/// Sightings in order of arrival, with each mail once.
///
/// The same mail may arrive twice, by two forwarding rules or two deliveries:
/// the earliest counts, and it is verified if any copy is.
pub fn distinct(mut seen: Vec<Seen>) -> Vec<Seen> {
    seen.sort_by(|a, b| (a.at_ms, &a.key).cmp(&(b.at_ms, &b.key)));
    let mut place: HashMap<String, usize> = HashMap::with_capacity(seen.len());
    let mut kept: Vec<Seen> = Vec::with_capacity(seen.len());
    for one in seen {
        match place.get(&one.key).and_then(|&index| kept.get_mut(index)) {
            Some(earlier) => earlier.verified |= one.verified,
            None => {
                place.insert(one.key.clone(), kept.len());
                kept.push(one);
            }
        }
    }
    kept
}

/// An incident as it is remembered: what was said of it, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Made once, at the opening.
    pub id: String,
    /// What it is.
    pub alert: AlertKind,
    /// It has been closed: nothing inside its span rings or counts again.
    pub closed: bool,
    /// Arrival of its first mail, in milliseconds since the epoch, as far as known.
    pub first_ms: i64,
    /// Arrival of its last mail, in milliseconds since the epoch, as far as known.
    pub last_ms: i64,
    /// How many the last alert said.
    pub count: u32,
    /// The highest rung that has been alerted.
    pub rung: u32,
    /// The most within one window so far.
    pub peak: u32,
    /// When the sweep looks at it next, in milliseconds since the epoch.
    pub check_at_ms: i64,
    /// How many of its alerts a mute kept silent.
    #[serde(default)]
    pub muted: u32,
    /// All of its alerts so far were kept silent: nobody knows of it yet.
    #[serde(default)]
    pub unheard: bool,
}

impl Incident {
    /// Whether a time falls into what this incident covers, the quiet around it included.
    fn covers(&self, at_ms: i64, quiet_ms: i64) -> bool {
        at_ms >= self.first_ms.saturating_sub(quiet_ms)
            && at_ms <= self.last_ms.saturating_add(quiet_ms)
    }
}

/// The sightings that one decision looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// In order of arrival, each mail once (see [`distinct`]).
    pub seen: Vec<Seen>,
    /// Nothing is missing from this time on, in milliseconds since the epoch.
    pub complete_from_ms: i64,
    /// Something may be missing: every count is a lower bound.
    pub truncated: bool,
}

/// What an incident holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Arrival of the first, in milliseconds since the epoch.
    pub first_ms: i64,
    /// Arrival of the last, in milliseconds since the epoch.
    pub last_ms: i64,
    /// How many.
    pub count: u32,
    /// The count is a lower bound.
    pub at_least: bool,
    /// How many of them are verified.
    pub verified: u32,
    /// The most within one window.
    pub peak: u32,
    /// What most of them ask to prove.
    pub kind: Kind,
    /// What was counted, at most [`EXTENT_KEYS_MAX`], each once.
    pub keys: Vec<String>,
}

/// At most this many keys of an extent are named.
pub const EXTENT_KEYS_MAX: usize = 12;

/// What is to be said about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A burst that nobody has been told of.
    Open(Extent),
    /// The incident at this place of the list has passed a rung.
    Escalate(usize, Extent),
    /// The incident at this place of the list has been quiet.
    Close(usize, Extent),
    /// Nothing to say; the incident at this place goes on and is looked at again then.
    Wait(usize, Extent),
    /// Nothing to say; by mails that came late, the incident at this place began
    /// then, in milliseconds since the epoch, and is counted from there.
    Begin(usize, i64),
}

/// What the mail that arrived at `at_ms` changes: an opening, a rung, an earlier
/// beginning or nothing.
/// `incidents` are those of `alert` and others; only the ones of `alert` matter.
pub fn on_mail(
    at_ms: i64,
    view: &View,
    rule: &Rule,
    alert: AlertKind,
    incidents: &[Incident],
) -> Option<Step> {
    let clusters = clusters(view, rule, alert, incidents);
    let cluster = clusters.iter().find(|cluster| cluster.holds(at_ms))?;
    match cluster.incident_at(at_ms, incidents) {
        Some(place) => {
            let extent = cluster.extent(place, view, rule, incidents);
            let incident = incidents.get(place)?;
            if rule.rung(extent.count) > incident.rung {
                return Some(Step::Escalate(place, extent));
            }
            earlier(place, extent.first_ms, incident)
        }
        None => {
            let extent = extent(view, rule, &cluster.members, None);
            (rule.rung(extent.count) > 0 || view.truncated).then_some(Step::Open(extent))
        }
    }
}

/// What time changes for the open incidents of `alert`, the first that needs it:
/// a rung that no mail had rung, a close, or the next look.
pub fn on_sweep(
    now_ms: i64,
    view: &View,
    rule: &Rule,
    alert: AlertKind,
    incidents: &[Incident],
) -> Option<Step> {
    let clusters = clusters(view, rule, alert, incidents);
    for (place, incident) in incidents.iter().enumerate() {
        if incident.closed || incident.alert != alert || incident.check_at_ms > now_ms {
            continue;
        }
        let extent = extent_of(place, &clusters, view, rule, incidents);
        if rule.rung(extent.count) > incident.rung {
            return Some(Step::Escalate(place, extent));
        }
        if now_ms >= extent.last_ms.saturating_add(rule.quiet_ms()) {
            return Some(Step::Close(place, extent));
        }
        return Some(Step::Wait(place, extent));
    }
    None
}

/// What found no place when its mail came, because another alert was on its way:
/// a burst in `view` that no incident of `alert` knows of, or the earlier
/// beginning of an open one.
pub fn unplaced(
    view: &View,
    rule: &Rule,
    alert: AlertKind,
    incidents: &[Incident],
) -> Option<Step> {
    let clusters = clusters(view, rule, alert, incidents);
    let burst = clusters
        .iter()
        .filter(|cluster| cluster.incidents.is_empty())
        .map(|cluster| extent(view, rule, &cluster.members, None))
        .find(|extent| rule.rung(extent.count) > 0)
        .map(Step::Open);
    burst.or_else(|| {
        clusters.iter().flat_map(|cluster| &cluster.incidents).find_map(|&place| {
            let first_ms = extent_of(place, &clusters, view, rule, incidents).first_ms;
            earlier(place, first_ms, incidents.get(place)?)
        })
    })
}

/// The step for the incident at `place`, if it began before what is known of it.
fn earlier(place: usize, first_ms: i64, incident: &Incident) -> Option<Step> {
    (first_ms < incident.first_ms).then_some(Step::Begin(place, first_ms))
}

/// What the incident at `place` holds, counted from `view`, closed or not.
pub fn total(place: usize, view: &View, rule: &Rule, incidents: &[Incident]) -> Option<Extent> {
    let counted = incidents.get(place)?;
    // The closed incident is counted as if it were open still, or its own
    // sightings would be left out as already reported.
    let mut reopened = incidents.to_vec();
    if let Some(incident) = reopened.get_mut(place) {
        incident.closed = false;
    }
    let clusters = clusters(view, rule, counted.alert, &reopened);
    Some(extent_of(place, &clusters, view, rule, &reopened))
}

/// The times that a fast rule's incidents explain, so that a slow rule does not
/// count them again: pairs of first and last, in milliseconds since the epoch.
pub fn explained(
    view: &View,
    rule: &Rule,
    alert: AlertKind,
    incidents: &[Incident],
) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = clusters(view, rule, alert, incidents)
        .iter()
        .filter_map(|cluster| Some((cluster.first_ms(view)?, cluster.last_ms(view)?)))
        .collect();
    spans.extend(
        incidents
            .iter()
            .filter(|incident| incident.alert == alert)
            .map(|incident| (incident.first_ms, incident.last_ms.saturating_add(rule.quiet_ms()))),
    );
    spans
}

/// A view without the sightings that fall into any of `spans`.
pub fn without(view: &View, spans: &[(i64, i64)]) -> View {
    View {
        seen: view
            .seen
            .iter()
            .filter(|seen| {
                !spans.iter().any(|(first, last)| (*first..=*last).contains(&seen.at_ms))
            })
            .cloned()
            .collect(),
        ..*view
    }
}

/// Adds an incident, and forgets the oldest closed ones past the limit.
pub fn remember(incidents: &mut Vec<Incident>, incident: Incident) {
    incidents.push(incident);
    while incidents.len() > INCIDENTS_MAX {
        let oldest = incidents
            .iter()
            .enumerate()
            .min_by_key(|(_, incident)| (!incident.closed, incident.last_ms))
            .map(|(place, _)| place);
        match oldest {
            Some(place) => drop(incidents.remove(place)),
            None => break,
        }
    }
}

/// Sightings that hang together, by their places in the view, and the open
/// incidents that lie among them, by their places in the list.
struct Cluster {
    members: Vec<usize>,
    incidents: Vec<usize>,
    first_ms: i64,
    last_ms: i64,
}

impl Cluster {
    fn holds(&self, at_ms: i64) -> bool {
        !self.members.is_empty() && (self.first_ms..=self.last_ms).contains(&at_ms)
    }

    fn first_ms(&self, view: &View) -> Option<i64> {
        self.members.first().and_then(|&place| view.seen.get(place)).map(|seen| seen.at_ms)
    }

    fn last_ms(&self, view: &View) -> Option<i64> {
        self.members.last().and_then(|&place| view.seen.get(place)).map(|seen| seen.at_ms)
    }

    /// Two incidents that were opened apart may turn out to hang together, by
    /// mails that came late. Each then keeps what lies before the next begins.
    fn incident_at(&self, at_ms: i64, incidents: &[Incident]) -> Option<usize> {
        self.incidents
            .iter()
            .copied()
            .filter(|&place| {
                incidents.get(place).is_some_and(|incident| incident.first_ms <= at_ms)
            })
            .max_by_key(|&place| incidents.get(place).map(|incident| incident.first_ms))
            .or_else(|| self.earliest(incidents))
    }

    fn earliest(&self, incidents: &[Incident]) -> Option<usize> {
        self.incidents
            .iter()
            .copied()
            .min_by_key(|&place| incidents.get(place).map(|incident| incident.first_ms))
    }

    fn extent(&self, place: usize, view: &View, rule: &Rule, incidents: &[Incident]) -> Extent {
        let own: Vec<usize> = self
            .members
            .iter()
            .copied()
            .filter(|&member| {
                view.seen
                    .get(member)
                    .is_some_and(|seen| self.incident_at(seen.at_ms, incidents) == Some(place))
            })
            .collect();
        extent(view, rule, &own, incidents.get(place))
    }
}

fn extent_of(
    place: usize,
    clusters: &[Cluster],
    view: &View,
    rule: &Rule,
    incidents: &[Incident],
) -> Extent {
    match clusters.iter().find(|cluster| cluster.incidents.contains(&place)) {
        Some(cluster) => cluster.extent(place, view, rule, incidents),
        None => extent(view, rule, &[], incidents.get(place)),
    }
}

/// What the members hold, together with what is remembered of their incident
/// where the view does not reach back to its beginning.
fn extent(view: &View, rule: &Rule, members: &[usize], incident: Option<&Incident>) -> Extent {
    let seen: Vec<&Seen> = members.iter().filter_map(|&place| view.seen.get(place)).collect();
    let keys: HashSet<&str> = seen.iter().map(|seen| seen.key.as_str()).collect();
    let mut named: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
    named.sort_unstable();
    named.truncate(EXTENT_KEYS_MAX);
    let mut extent = Extent {
        first_ms: seen.first().map_or(i64::MAX, |seen| seen.at_ms),
        last_ms: seen.last().map_or(i64::MIN, |seen| seen.at_ms),
        count: u32::try_from(keys.len()).unwrap_or(u32::MAX),
        at_least: view.truncated,
        verified: u32::try_from(seen.iter().filter(|seen| seen.verified).count())
            .unwrap_or(u32::MAX),
        peak: peak(&seen, rule.window_ms),
        kind: most_frequent_kind(&seen),
        keys: named,
    };
    if let Some(incident) = incident {
        if incident.first_ms < view.complete_from_ms || seen.is_empty() {
            let newer = seen.iter().filter(|seen| seen.at_ms > incident.last_ms).count();
            let newer = u32::try_from(newer).unwrap_or(u32::MAX);
            extent.count = extent.count.max(incident.count.saturating_add(newer));
            // Told as a lower bound only where something may lie out of the view.
            extent.at_least |= incident.first_ms < view.complete_from_ms;
            extent.first_ms = extent.first_ms.min(incident.first_ms);
            extent.last_ms = extent.last_ms.max(incident.last_ms);
        }
        if matches!(incident.alert, AlertKind::Trickle | AlertKind::PhishingFlood) {
            // A fast burst may since have explained what was told as part of this.
            extent.count = extent.count.max(incident.count);
            extent.first_ms = extent.first_ms.min(incident.first_ms);
            extent.last_ms = extent.last_ms.max(incident.last_ms);
        }
        extent.peak = extent.peak.max(incident.peak);
    }
    extent
}

fn most_frequent_kind(seen: &[&Seen]) -> Kind {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for one in seen {
        *counts.entry(one.kind).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(Kind::Login, |(kind, _)| kind)
}

/// The most different keys within any one window.
fn peak(seen: &[&Seen], window_ms: i64) -> u32 {
    let mut within: HashMap<&str, usize> = HashMap::new();
    let mut oldest = 0;
    let mut most = 0;
    for newest in seen {
        *within.entry(newest.key.as_str()).or_default() += 1;
        while let Some(old) = seen.get(oldest) {
            if newest.at_ms.saturating_sub(old.at_ms) <= window_ms {
                break;
            }
            forget(&mut within, &old.key);
            oldest += 1;
        }
        most = most.max(within.len());
    }
    u32::try_from(most).unwrap_or(u32::MAX)
}

fn forget<'a>(within: &mut HashMap<&'a str, usize>, key: &'a str) {
    if let Some(count) = within.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            within.remove(key);
        }
    }
}

/// For each of `free` (places in the view), whether some window that holds it
/// reaches the threshold, with a verified one among them if `alert` claims that.
fn dense(view: &View, free: &[usize], rule: &Rule, alert: AlertKind) -> Vec<bool> {
    let needs_verified = matches!(alert, AlertKind::Hammered | AlertKind::Trickle);
    let mut verified: usize = 0;
    let seen: Vec<&Seen> = free.iter().filter_map(|&place| view.seen.get(place)).collect();
    let mut is_dense = vec![false; seen.len()];
    let mut within: HashMap<&str, usize> = HashMap::new();
    let mut oldest = 0;
    let mut marked = 0;
    let threshold = usize::try_from(rule.threshold.max(1)).unwrap_or(usize::MAX);
    for (newest, one) in seen.iter().enumerate() {
        *within.entry(one.key.as_str()).or_default() += 1;
        verified += usize::from(one.verified);
        while let Some(old) = seen.get(oldest) {
            if one.at_ms.saturating_sub(old.at_ms) <= rule.window_ms {
                break;
            }
            forget(&mut within, &old.key);
            verified -= usize::from(old.verified);
            oldest += 1;
        }
        if within.len() >= threshold && (verified > 0 || !needs_verified) {
            for mark in is_dense.iter_mut().take(newest + 1).skip(oldest.max(marked)) {
                *mark = true;
            }
            marked = newest + 1;
        }
    }
    is_dense
}

/// The clusters of a view: from each dense sighting, or each open incident, on
/// while the next comes within the quiet time. What closed incidents cover is
/// left out: it has been reported.
fn clusters(view: &View, rule: &Rule, alert: AlertKind, incidents: &[Incident]) -> Vec<Cluster> {
    let quiet_ms = rule.quiet_ms();
    let closed: Vec<&Incident> =
        incidents.iter().filter(|incident| incident.closed && incident.alert == alert).collect();
    let free: Vec<usize> = view
        .seen
        .iter()
        .enumerate()
        .filter(|(_, seen)| !closed.iter().any(|incident| incident.covers(seen.at_ms, quiet_ms)))
        .map(|(place, _)| place)
        .collect();
    let is_dense = dense(view, &free, rule, alert);

    // Where a sighting or an edge of an open incident stands on the time axis.
    enum Point {
        Seen { place: usize, dense: bool },
        Edge { incident: usize },
    }
    let mut points: Vec<(i64, Point)> = free
        .iter()
        .zip(is_dense)
        .filter_map(|(&place, dense)| {
            Some((view.seen.get(place)?.at_ms, Point::Seen { place, dense }))
        })
        .collect();
    for (incident, known) in incidents.iter().enumerate() {
        if !known.closed && known.alert == alert {
            points.push((known.first_ms, Point::Edge { incident }));
            points.push((known.last_ms, Point::Edge { incident }));
        }
    }
    points.sort_by_key(|(at_ms, point)| (*at_ms, matches!(point, Point::Seen { .. })));

    let mut clusters: Vec<Cluster> = Vec::new();
    let mut current: Option<Cluster> = None;
    let mut inside_until_ms = i64::MIN;
    for (at_ms, point) in points {
        if let Some(cluster) = current.take_if(|cluster| {
            at_ms > inside_until_ms && at_ms.saturating_sub(cluster.last_ms) > quiet_ms
        }) {
            clusters.push(cluster);
        }
        let begins = match point {
            Point::Seen { dense, .. } => dense,
            Point::Edge { .. } => true,
        };
        if current.is_none() && !begins {
            continue;
        }
        let cluster = current.get_or_insert_with(|| Cluster {
            members: Vec::new(),
            incidents: Vec::new(),
            first_ms: at_ms,
            last_ms: at_ms,
        });
        cluster.last_ms = cluster.last_ms.max(at_ms);
        match point {
            Point::Seen { place, .. } => cluster.members.push(place),
            Point::Edge { incident } => {
                // Between its first and last an incident holds together even
                // where its sightings are out of the view.
                inside_until_ms = inside_until_ms
                    .max(incidents.get(incident).map_or(at_ms, |known| known.last_ms));
                if !cluster.incidents.contains(&incident) {
                    cluster.incidents.push(incident);
                }
            }
        }
    }
    clusters.extend(current);
    clusters
}
