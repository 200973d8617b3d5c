//! What to do, as data: one TOML file for each service that has a source, for
//! each category of service and for each alert, and a general one. This file
//! picks the steps that fit an alert and orders them by the hour; it must not
//! know a language nor how a text is laid out.

use std::sync::OnceLock;

use serde::Deserialize;

use super::Language;
use super::about::About;
use super::clock::{Clock, DeskState, Hours};
use crate::burst::AlertKind;
use crate::classify::{Implies, Kind};

include!(concat!(env!("OUT_DIR"), "/playbook_files.rs"));

/// The same words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    ja: String,
    en: String,
}

impl Text {
    /// The words in that language.
    pub(super) fn get(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        }
    }
}

/// One file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Playbook {
    /// Where the steps come from; general advice of ours names none.
    pub(super) source: Option<Source>,
    /// The one thing to do at once, as the last sentence of an SMS.
    pub(super) sms: Vec<Advice>,
    /// What the more general files add.
    pub(super) then: Then,
    desk: Vec<Desk>,
    step: Vec<Step>,
    never: Vec<Advice>,
    false_alarm: Vec<Advice>,
}

/// What the more general files add to one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Then {
    /// Steps, warnings and harmless causes that were not named yet.
    #[default]
    Everything,
    /// Warnings and harmless causes only: the steps are complete.
    Advice,
    /// Nothing.
    Nothing,
}

/// Where a playbook comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    /// What was read, in words.
    pub(super) name: Text,
    /// The day it was last compared, `YYYY-MM-DD`.
    pub(super) checked: String,
}

/// People who can be reached at certain hours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Desk {
    id: String,
    /// What the desk is called.
    pub(super) name: Text,
    /// When it can be reached.
    pub(super) hours: Hours,
    /// How long one waits, if a source says so.
    pub(super) wait: Option<Text>,
}

/// One thing to do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    id: String,
    /// The step in a few words.
    pub(super) title: Text,
    /// How it is done.
    pub(super) text: Text,
    /// What is needed for it.
    pub(super) needs: Option<Text>,
    /// The desk that it goes to; while that is closed, the step comes last.
    #[serde(default)]
    desk: Option<String>,
    /// What the code must imply for the step to make sense; anything, if empty.
    #[serde(default)]
    implies: Vec<Implies>,
    /// The kinds of mail that it is for; any, if empty.
    #[serde(default)]
    kinds: Vec<Kind>,
    /// It comes before all that is not urgent, in whichever file that stands.
    #[serde(default)]
    urgent: bool,
    /// In which phase of an incident it is worth doing.
    #[serde(default)]
    during: During,
}

/// In which phase of an incident a step is worth doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum During {
    /// While the mails come.
    #[default]
    Flood,
    /// Once they have stopped.
    Quiet,
    /// In both.
    Always,
}

/// A warning or a harmless cause.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advice {
    id: String,
    /// What is said.
    pub(super) text: Text,
    #[serde(default)]
    implies: Vec<Implies>,
    #[serde(default)]
    kinds: Vec<Kind>,
}

/// A step, with its desk as it is at this hour.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// What to do.
    pub(super) step: Step,
    /// Whom to ask, and whether they are there.
    pub(super) desk: Option<(Desk, DeskState)>,
}

/// What the files say about one alert, at one hour.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The last sentence of an SMS, the most particular first.
    pub(super) sms: Vec<Advice>,
    tasks: Vec<Task>,
    /// What not to do.
    pub(super) never: Vec<Advice>,
    /// What else it could be, and how to tell.
    pub(super) false_alarms: Vec<Advice>,
    /// Where the steps of a service come from.
    pub(super) source: Option<Source>,
}

impl Plan {
    /// What to do while the mails come, in order.
    pub(super) fn now(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.step.during != During::Quiet)
    }

    /// What is worth doing once they have stopped, in order.
    pub(super) fn afterwards(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.step.during != During::Flood)
    }
}

/// The plan for an alert about that service and kind of mail, at this hour.
pub(super) fn plan(alert: AlertKind, about: &About, kind: Kind, clock: &Clock) -> Plan {
    // A reset or a sign-up begins with an address; where it is not known what a
    // service asks besides, the steps are those of an address.
    let implies = match (about.implies, kind) {
        (Implies::Unknown, Kind::Reset | Kind::Signup) => Implies::Identifier,
        (implies, _) => implies,
    };
    let mut plan = Plan::default();
    let mut then = Then::Everything;
    for playbook in chain(alert, about) {
        let steps = if then == Then::Advice { &[][..] } else { &playbook.step };
        if playbook.then != Then::Everything {
            then = playbook.then;
        }
        add_steps(&mut plan, playbook, steps, implies, kind, clock);
        plan.source = plan.source.take().or_else(|| playbook.source.clone());
        add_advice(&mut plan.sms, &playbook.sms, implies, kind);
        add_advice(&mut plan.never, &playbook.never, implies, kind);
        add_advice(&mut plan.false_alarms, &playbook.false_alarm, implies, kind);
    }
    // A desk that is closed helps nobody now: what can be done alone comes first.
    plan.tasks.sort_by_key(|task| {
        (matches!(task.desk, Some((_, DeskState::Closed(_)))), !task.step.urgent)
    });
    plan
}

/// The files that speak to an alert, the most particular first.
fn chain(alert: AlertKind, about: &About) -> Vec<&'static Playbook> {
    let mut chain: Vec<&Playbook> = read(stem(alert)).into_iter().collect();
    let ended = |chain: &[&Playbook]| chain.iter().any(|playbook| playbook.then == Then::Nothing);
    if !ended(&chain) {
        let service = about.service().and_then(read);
        let category = || about.category.and_then(|category| read(&format!("category-{category}")));
        chain.extend(service.or_else(category));
    }
    if !ended(&chain) {
        chain.extend(read("general"));
    }
    chain
}

fn stem(alert: AlertKind) -> &'static str {
    match alert {
        AlertKind::Hammered => "alert-hammered",
        AlertKind::Trickle => "alert-trickle",
        AlertKind::Smokescreen => "alert-smokescreen",
        AlertKind::PhishingFlood => "alert-phishing-flood",
        AlertKind::ForwardConfirmation => "alert-forward-confirmation",
        AlertKind::Connected => "alert-connected",
    }
}

/// Every file: its stem and its text.
#[cfg(test)]
pub(super) fn files() -> &'static [(&'static str, &'static str)] {
    PLAYBOOK_FILES
}

static PLAYBOOKS: [OnceLock<Option<Playbook>>; PLAYBOOK_FILES.len()] =
    [const { OnceLock::new() }; PLAYBOOK_FILES.len()];

/// Only what is asked for is parsed, and only once.
fn read(stem: &str) -> Option<&'static Playbook> {
    let files = PLAYBOOK_FILES.iter().zip(&PLAYBOOKS);
    let ((_, text), read) = files.into_iter().find(|((name, _), _)| *name == stem)?;
    read.get_or_init(|| toml::from_str(text).ok()).as_ref()
}

fn add_steps(
    plan: &mut Plan,
    playbook: &Playbook,
    steps: &[Step],
    implies: Implies,
    kind: Kind,
    clock: &Clock,
) {
    for step in steps {
        let said = plan.tasks.iter().any(|task| task.step.id == step.id);
        if !said && fits(&step.implies, &implies) && fits(&step.kinds, &kind) {
            let desk = playbook.desk.iter().find(|desk| Some(&desk.id) == step.desk.as_ref());
            let desk = desk.map(|desk| (desk.clone(), desk.hours.state(clock)));
            plan.tasks.push(Task { step: step.clone(), desk });
        }
    }
}

fn add_advice(said: &mut Vec<Advice>, more: &[Advice], implies: Implies, kind: Kind) {
    for advice in more {
        let new = said.iter().all(|said| said.id != advice.id);
        if new && fits(&advice.implies, &implies) && fits(&advice.kinds, &kind) {
            said.push(advice.clone());
        }
    }
}

fn fits<T: PartialEq>(wanted: &[T], given: &T) -> bool {
    wanted.is_empty() || wanted.contains(given)
}
