//! `hansho mute`: a service is silenced for a person for a while. It stands in
//! the policy, where everybody who reads it can see until when.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};

use super::DONE;
use super::deployment::Place;
use super::draft::Draft;
use crate::edges::clock_ms;
use crate::policy::Policy;
use crate::services;

/// A service may be silenced for so long at once, in hours.
const HOURS_MAX: i64 = 30 * 24;

/// The arguments of `mute`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("how").required(true).args(["duration", "off"]))]
pub struct Mute {
    /// The person's id, as in the policy
    #[arg(value_name = "PERSON")]
    person: String,
    /// The service's id, or domain:example.com
    #[arg(value_name = "SERVICE")]
    service: String,
    /// How long, such as 6h or 90m; at most 30 days
    #[arg(long = "for", value_name = "TIME")]
    duration: Option<SignedDuration>,
    /// Silence it no longer
    #[arg(long)]
    off: bool,
    #[command(flatten)]
    place: Place,
}

impl Mute {
    /// Runs the command.
    ///
    /// # Errors
    /// If the person or the service is unknown, or AWS refuses.
    pub fn run(&self) -> anyhow::Result<u8> {
        let named = self.service.strip_prefix("domain:").is_some_and(|name| name.contains('.'));
        ensure!(
            named || services::by_id(&self.service).is_some(),
            "no service has the id {:?}; one that hansho does not know is domain:example.com",
            self.service
        );
        let until = self.duration.map(until).transpose()?;
        super::run(async {
            let stack = self.place.find().await?;
            stack
                .change_policy(|text| {
                    let policy = Policy::read(text).context("the policy as it stands")?;
                    ensure!(
                        policy.person(&self.person).is_some(),
                        "the policy names nobody {:?}",
                        self.person
                    );
                    let mut draft = Draft::read(text)?;
                    draft.mute(&self.person, &self.service, until.as_deref())?;
                    Ok(draft.text())
                })
                .await?;
            let mut out = anstream::stdout().lock();
            match &until {
                Some(until) => writeln!(
                    out,
                    "{} is silent for {} until {until}; its mails are still counted",
                    self.service, self.person
                )?,
                None => writeln!(out, "{} rings again for {}", self.service, self.person)?,
            }
            Ok(DONE)
        })
    }
}

/// The end of a time that begins now, to the second.
fn until(duration: SignedDuration) -> anyhow::Result<String> {
    ensure!(
        duration >= SignedDuration::from_mins(1)
            && duration <= SignedDuration::from_hours(HOURS_MAX),
        "--for takes between 1m and {HOURS_MAX}h"
    );
    let now = Timestamp::from_second(clock_ms().div_euclid(1000))?;
    Ok(now.checked_add(duration)?.to_string())
}
