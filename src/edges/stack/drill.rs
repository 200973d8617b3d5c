//! `hansho drill`: code mails of a service, made from its sample, are put into
//! the real bucket under the key prefix `drill/`, and the ledger is watched
//! until the alert they cause has been published. SES can write under `mail/`
//! only, so nobody outside the account can make a drill of a mail; and a drill
//! is counted in partitions of its own, so it is never part of an incident.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::deployment::{Deployment, Place, said};
use super::{DONE, UNWELL, address};
use crate::burst::{AlertKind, Rule};
use crate::edges::clock_ms;
use crate::ledger::{DocketKey, Group, Ledger, Series};
use crate::policy::{Policy, drill};
use crate::services::{self, Expectation, Service};

/// So long a drill waits for its alert, in seconds: longer than a cold start,
/// shorter than the patience of whoever waits.
const PATIENCE_SECONDS: i64 = 120;
/// The ledger is looked at so often, in milliseconds.
const LOOK_EVERY_MS: u64 = 250;

/// The arguments of `drill`.
#[derive(Debug, clap::Args)]
pub struct Drill {
    /// The person's id, as in the policy
    #[arg(value_name = "PERSON")]
    person: String,
    /// The service whose code mails are sent
    #[arg(long, value_name = "ID", default_value = "rakuten-sec")]
    service: String,
    /// How long to wait for the alert, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = PATIENCE_SECONDS)]
    patience: i64,
    #[command(flatten)]
    place: Place,
}

impl Drill {
    /// Runs the command.
    ///
    /// # Errors
    /// If the person or the service is unknown, or AWS refuses.
    pub fn run(&self) -> anyhow::Result<u8> {
        let service = services::by_id(&self.service)
            .with_context(|| format!("no service has the id {:?}", self.service))?;
        super::run(async {
            let stack = self.place.find().await?;
            let standing = stack.policy().await?.context("there is no policy yet")?;
            let policy = Policy::read(&standing.text).context("the policy as it stands")?;
            ensure!(
                policy.person(&self.person).is_some(),
                "the policy names nobody {:?}",
                self.person
            );
            ensure!(
                !policy.observe_only,
                "the policy says observe_only = true, so nothing would be sent"
            );
            ensure!(
                !policy.is_muted(&self.person, &self.service, clock_ms()),
                "{} is muted for {}: choose another --service, or `hansho mute {} {} --off`",
                self.service,
                self.person,
                self.person,
                self.service
            );
            let run = address::run_id()?;
            let rule = policy.rule(&self.person, &self.service, AlertKind::Hammered);
            let began_ms = clock_ms();
            let keys = self.pour(&stack, service, &run, rule).await?;
            let mut out = anstream::stdout().lock();
            writeln!(
                out,
                "{} code mails of {} for {} lie in the bucket; waiting for the alert",
                keys.len(),
                service.name.en,
                self.person
            )?;
            let rang = self.listen(&stack, &run, began_ms).await;
            tidy(&stack, &keys).await;
            match rang? {
                Some(at_ms) => {
                    let tenths = (at_ms - began_ms).max(0) / 100;
                    writeln!(
                        out,
                        "the alert was published after {}.{} s; now look whether it has arrived, \
                         marked as a drill",
                        tenths / 10,
                        tenths % 10
                    )?;
                    Ok(DONE)
                }
                None => {
                    writeln!(
                        out,
                        "no alert was published within {} s; `hansho doctor` says what is wrong",
                        self.patience
                    )?;
                    Ok(UNWELL)
                }
            }
        })
    }

    /// Puts as many mails as ring the bell.
    async fn pour(
        &self,
        stack: &Deployment,
        service: &Service,
        run: &str,
        rule: Rule,
    ) -> anyhow::Result<Vec<String>> {
        let bucket = stack.output("BucketName")?;
        let mut keys = Vec::new();
        for number in 0..rule.threshold {
            let key = drill::key(&self.person, run, number);
            stack
                .s3
                .put_object()
                .bucket(bucket)
                .key(&key)
                .content_type("message/rfc822")
                .body(mail(service, run, number)?.into_bytes().into())
                .send()
                .await
                .map_err(said)
                .context("the drill's mails could not be put into the bucket")?;
            keys.push(key);
        }
        Ok(keys)
    }

    /// Until the alert has been claimed, published and settled; `None` if it is not in time.
    async fn listen(
        &self,
        stack: &Deployment,
        run: &str,
        began_ms: i64,
    ) -> anyhow::Result<Option<i64>> {
        let ledger = Ledger::new(stack.dynamodb.clone(), stack.output("TableName")?);
        let key = DocketKey::Verified(Series {
            person: drill::person(&self.person, run),
            service_key: self.service.clone(),
            group: Group::Counted,
        });
        loop {
            let docket = ledger.docket(&key).await?;
            if docket.is_some_and(|d| !d.incidents.is_empty() && d.outbox.is_none()) {
                return Ok(Some(clock_ms()));
            }
            if clock_ms() - began_ms >= self.patience.saturating_mul(1000) {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(LOOK_EVERY_MS)).await;
        }
    }
}

/// The function deletes what it has handled; what it has not, nobody needs.
async fn tidy(stack: &Deployment, keys: &[String]) {
    let Ok(bucket) = stack.output("BucketName") else { return };
    for key in keys {
        let deleted = stack.s3.delete_object().bucket(bucket).key(key).send().await;
        if let Err(error) = deleted {
            // It expires within a day.
            tracing::warn!("a mail of the drill stays for a day: {:#}", said(error));
        }
    }
}

/// A code mail of the service, from the sample in its data.
fn mail(service: &Service, run: &str, number: u32) -> anyhow::Result<String> {
    let sample = service
        .samples
        .iter()
        .find(|sample| sample.expect == Expectation::Code)
        .with_context(|| format!("{} has no sample of a code mail", service.id))?;
    Ok(format!(
        "From: {}\r\nTo: drill@example.com\r\nSubject: {}\r\nMessage-ID: <drill-{run}-{number}@example.com>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
        sample.from,
        sample.subject,
        sample.text.trim().replace('\n', "\r\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Outcome, Reader, classify};

    #[test]
    fn every_service_has_a_drill_mail_that_is_a_code_mail_of_it() {
        for service in services::all() {
            let mail = mail(service, "abcdefgh", 0).unwrap();
            let letter = crate::mail::parse(mail.as_bytes());
            let verdict = classify(&letter, &Reader { mailboxes: &[], trusted_servers: &[] });
            assert_eq!(verdict.outcome, Outcome::Code, "{}", service.id);
            assert_eq!(verdict.service_key, service.id);
        }
    }

    #[test]
    fn two_mails_of_a_drill_are_not_two_copies_of_one() {
        let service = services::by_id("rakuten-sec").unwrap();
        let id = |number| {
            crate::mail::parse(mail(service, "abcdefgh", number).unwrap().as_bytes()).message_id
        };
        assert!(id(0).is_some());
        assert_ne!(id(0), id(1));
    }
}
