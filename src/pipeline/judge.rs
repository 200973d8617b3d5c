//! Bytes to a judged mail: parse, find whose it is, classify. Pure, so that a
//! replay can judge a mailbox on all cores before it counts in order.

use sha2::{Digest, Sha256};

use crate::classify::{self, Authenticity, Outcome, Verdict};
use crate::mail::{self, Letter};
use crate::policy::Policy;

/// How a mail came to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// SES stored it under this name (the last segment of the object's key).
    Ses {
        /// The name, which proves that the topmost header block is SES's own.
        name: String,
    },
    /// It lies in a mailbox of the person's.
    Home,
}

/// A mail that has arrived, beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// How it came.
    pub origin: Origin,
    /// When, as far as whoever brought it knows, in milliseconds since the
    /// epoch; SES's own header knows better.
    pub arrived_ms: i64,
}

/// A mail that has been judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What it is: of the first person that it is for, or for nobody.
    pub outcome: Outcome,
    /// When it arrived, in milliseconds since the epoch.
    pub arrived_ms: i64,
    /// The name of the mail, for its row: at most 64 characters of `[A-Za-z0-9_-]`.
    pub mail: String,
    /// The fingerprint of its Message-ID, or of its name where it has none.
    pub message: String,
    /// It came from a mailbox at home, not through SES.
    pub from_home: bool,
    /// One for each person that it is for.
    pub readings: Vec<Reading>,
    /// What it would be for a stranger, where it is for nobody.
    pub stranger: Option<Verdict>,
}

/// A mail as one person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The id of the person.
    pub person: String,
    /// What it is.
    pub verdict: Verdict,
}

impl Judged {
    /// The verdict for the first person, or for a stranger.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.readings.first().map(|reading| &reading.verdict).or(self.stranger.as_ref())
    }
}

/// Judges the bytes of a mail. Never fails: what cannot be read is `other`.
pub fn judge(policy: &Policy, arrival: &Arrival, raw: &[u8]) -> Judged {
    let mut letter = mail::parse(raw);
    let (people, name) = match &arrival.origin {
        Origin::Ses { name } => {
            // A block whose id is not the name of the object is not SES's.
            if letter.ses.as_ref().is_some_and(|ses| ses.smtp_id != *name) {
                letter.ses = None;
            }
            (policy.route(&letter, true), name.clone())
        }
        Origin::Home => (policy.route_home(&letter), home_name(&letter, raw)),
    };
    let arrived_ms = arrived_ms(&letter, arrival);
    let mail = plain(&name).unwrap_or_else(|| fingerprint(name.as_bytes()));
    let message = fingerprint(letter.message_id.as_deref().unwrap_or(&name).as_bytes());
    let readings: Vec<Reading> = people
        .into_iter()
        .map(|person| Reading {
            person: person.id.clone(),
            verdict: classify::classify(&letter, &policy.reader(Some(person))),
        })
        .collect();
    let stranger = readings.is_empty().then(|| classify::classify(&letter, &policy.reader(None)));
    let outcome = readings
        .first()
        .map(|reading| &reading.verdict)
        .or(stranger.as_ref())
        .map_or(Outcome::Other, |verdict| verdict.outcome);
    Judged {
        outcome,
        arrived_ms,
        mail,
        message,
        from_home: arrival.origin == Origin::Home,
        readings,
        stranger,
    }
}

/// Judges a mail of a drill, to be counted under the drill's own id. It is
/// classified like any other; that it is real, where it lies has proved.
pub fn judge_drill(policy: &Policy, arrival: &Arrival, raw: &[u8], id: &str) -> Judged {
    let mut judged = judge(policy, arrival, raw);
    let verdict = judged.verdict().cloned();
    judged.arrived_ms = arrival.arrived_ms;
    judged.stranger = None;
    judged.readings = verdict
        .map(|verdict| Reading {
            person: id.to_owned(),
            verdict: Verdict { authenticity: Authenticity::Verified, ..verdict },
        })
        .into_iter()
        .collect();
    judged
}

/// SES's own time, else the time of the server that received it last, else, at
/// home, the sender's, else what whoever brought it knows.
fn arrived_ms(letter: &Letter, arrival: &Arrival) -> i64 {
    let from_home = || {
        (arrival.origin == Origin::Home).then_some(letter.received_ms.or(letter.date_ms)).flatten()
    };
    letter.ses.as_ref().map(|ses| ses.arrived_ms).or_else(from_home).unwrap_or(arrival.arrived_ms)
}

/// What names a mail at home, whatever file or mailbox it lies in.
fn home_name(letter: &Letter, raw: &[u8]) -> String {
    match (&letter.ses, &letter.message_id) {
        (Some(ses), _) => ses.smtp_id.clone(),
        (None, Some(message_id)) => fingerprint(message_id.as_bytes()),
        (None, None) => fingerprint(raw),
    }
}

fn plain(name: &str) -> Option<String> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    fits.then(|| name.to_owned())
}

/// 128 bits of SHA-256 in hex.
fn fingerprint(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
