//! `hansho subscribe`: a person is entered in the policy and in the receipt
//! rule, with an address of their own, and their phone and mailbox at the topic
//! of alerts. Doing it twice adds nothing twice.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use aws_sdk_sns::types::{LanguageCodeString, SmsSandboxPhoneNumberVerificationStatus};
use clap::ValueEnum;

use super::deployment::{Deployment, Place, said};
use super::draft::{Draft, Entry};
use super::{DONE, address};
use crate::edges::subscriptions::{self, Subscription};
use crate::policy::Policy;

/// The arguments of `subscribe`.
#[derive(Debug, clap::Args)]
pub struct Subscribe {
    /// The person's id: 1 to 32 characters of a-z, 0-9, - and _
    #[arg(value_name = "PERSON", value_parser = person_id)]
    person: String,
    /// The number that gets text messages, with its country code
    #[arg(long, value_name = "+81…", value_parser = number)]
    sms: Option<String>,
    /// The address that gets alerts; best not the mailbox that is watched
    #[arg(long, value_name = "ADDRESS", value_parser = mailbox)]
    email: Option<String>,
    /// The language of this person's alerts
    #[arg(long, value_enum)]
    language: Option<Language>,
    /// The person's own mailbox: code mails to any other are not counted as real
    #[arg(long = "mailbox", value_name = "ADDRESS", value_parser = mailbox)]
    mailboxes: Vec<String>,
    /// Tell this phone and mailbox of these people's alerts as well
    #[arg(long = "for", value_name = "PERSON", value_delimiter = ',', value_parser = person_id)]
    others: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// The language of alerts.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    Ja,
    En,
}

impl Language {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }
}

fn person_id(text: &str) -> Result<String, String> {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if (1..=32).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-') {
        Ok(text.to_owned())
    } else {
        Err("an id has 1 to 32 characters of a-z, 0-9, - and _".to_owned())
    }
}

/// A number in E.164.
pub(super) fn number(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if (7..=15).contains(&digits.len()) && all_digits && !digits.starts_with('0') {
        Ok(text.to_owned())
    } else {
        Err("write it with its country code, as +819012345678".to_owned())
    }
}

fn mailbox(text: &str) -> Result<String, String> {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>,;\"".contains(c);
    match text.split_once('@') {
        Some((local, domain))
            if !local.is_empty()
                && domain.contains('.')
                && !domain.contains('@')
                && text.chars().all(plain) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("write it as name@example.com".to_owned()),
    }
}

impl Subscribe {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever AWS refuses; what was done before that stays, and is not done
    /// twice when the command is given again.
    pub fn run(&self) -> anyhow::Result<u8> {
        super::run(async {
            let stack = self.place.find().await?;
            let mail_domain = stack.mail_domain()?;
            for own in self.email.iter().chain(&self.mailboxes) {
                ensure!(
                    !own.to_lowercase().ends_with(&format!("@{mail_domain}")),
                    "{own} is on the domain that hansho receives for; give the person's own mailbox"
                );
            }
            let own = self.own_address(&stack, mail_domain).await?;
            let people = self.people();
            let mut todo = vec![format!(
                "Forward code mails to {own}: `hansho gmail-filter --to {own}`, or docs/deploy.md, \"Forwarding\"."
            )];
            if let Some(number) = &self.sms {
                todo.extend(verify(&stack, number, self.language).await?);
                join(&stack, "sms", number, &people).await?;
            }
            if let Some(address) = &self.email {
                todo.extend(
                    join(&stack, "email", address, &people).await?.then(|| confirm(address)),
                );
            }
            let mut out = anstream::stdout().lock();
            writeln!(out, "{}: {own}", self.person)?;
            for what in todo {
                writeln!(out, "to do: {what}")?;
            }
            writeln!(out, "then:  hansho drill {}", self.person)?;
            Ok(DONE)
        })
    }

    /// This phone and mailbox get the alerts of these.
    fn people(&self) -> Vec<String> {
        let mut people = vec![self.person.clone()];
        people.extend(self.others.iter().filter(|id| **id != self.person).cloned());
        people
    }

    /// The address that the person's mail is forwarded to: the one they have,
    /// else a new one, entered in the policy first and in the rule then, so that
    /// no mail is taken for whom nobody knows.
    async fn own_address(&self, stack: &Deployment, domain: &str) -> anyhow::Result<String> {
        let fresh = address::fresh(&self.person, domain)?;
        stack.room_for(&fresh).await?;
        let text = stack
            .change_policy(|text| {
                let mut draft = Draft::read(text)?;
                let known = own(&Policy::read(text).ok(), &self.person, domain);
                draft.enter(
                    &self.person,
                    &Entry {
                        address: known.is_none().then_some(fresh.as_str()),
                        mailboxes: &self.mailboxes,
                        language: self.language.map(Language::as_str),
                        sms: self.sms.is_some(),
                    },
                )?;
                let text = draft.text();
                let policy = Policy::read(&text).context("the policy would not be valid")?;
                for id in &self.others {
                    ensure!(policy.person(id).is_some(), "the policy names nobody {id:?}");
                }
                Ok(text)
            })
            .await?;
        let own = own(&Policy::read(&text).ok(), &self.person, domain)
            .context("the policy has lost the person's address; try again")?;
        stack.receive_for(&own).await?;
        Ok(own)
    }
}

/// The address of a person at our domain.
fn own(policy: &Option<Policy>, person: &str, domain: &str) -> Option<String> {
    let ours = format!("@{domain}");
    let person = policy.as_ref()?.person(person)?;
    person.addresses.iter().find(|address| address.ends_with(&ours)).cloned()
}

/// Subscribes a phone or a mailbox, with the filter from the first moment on.
/// One that is there gets the people added to its filter. Says whether the
/// addressee still has to confirm it.
async fn join(
    stack: &Deployment,
    protocol: &str,
    endpoint: &str,
    people: &[String],
) -> anyhow::Result<bool> {
    let topic = stack.output("AlertTopicArn")?;
    let all = subscriptions::of_topic(&stack.sns, topic).await?;
    let same = |one: &&Subscription| one.protocol == protocol && one.endpoint == endpoint;
    if let Some(arn) = all.iter().find(same).and_then(|standing| standing.arn.as_deref()) {
        let standing = all.iter().find(same).and_then(|one| one.people.clone());
        let mut both = standing.unwrap_or_default();
        both.extend(people.iter().filter(|id| !both.contains(id)).cloned().collect::<Vec<_>>());
        stack
            .sns
            .set_subscription_attributes()
            .subscription_arn(arn)
            .attribute_name("FilterPolicy")
            .attribute_value(subscriptions::filter(&both, protocol))
            .send()
            .await
            .map_err(said)
            .with_context(|| format!("the filter of the {protocol} subscription"))?;
        return Ok(false);
    }
    let answer = stack
        .sns
        .subscribe()
        .topic_arn(topic)
        .protocol(protocol)
        .endpoint(endpoint)
        .attributes("FilterPolicy", subscriptions::filter(people, protocol))
        .send()
        .await
        .map_err(said)
        .with_context(|| format!("the {protocol} subscription"))?;
    Ok(!answer.subscription_arn().is_some_and(|arn| arn.starts_with("arn:")))
}

fn confirm(address: &str) -> String {
    format!(
        "SNS has written to {address}. Do not click its link, or a link scanner can unsubscribe \
         you later: copy it and run `hansho confirm --token 'LINK'`."
    )
}

/// In the SMS sandbox a number gets nothing before it is verified.
async fn verify(
    stack: &Deployment,
    number: &str,
    language: Option<Language>,
) -> anyhow::Result<Option<String>> {
    let sandbox = stack.sns.get_sms_sandbox_account_status().send().await;
    if !sandbox.map_err(said).context("the SMS sandbox")?.is_in_sandbox() {
        return Ok(None);
    }
    let standing = sandbox_number(stack, number).await?;
    if standing == Some(SmsSandboxPhoneNumberVerificationStatus::Verified) {
        return Ok(None);
    }
    stack
        .sns
        .create_sms_sandbox_phone_number()
        .phone_number(number)
        .language_code(match language {
            Some(Language::En) => LanguageCodeString::EnUs,
            Some(Language::Ja) | None => LanguageCodeString::JpJp,
        })
        .send()
        .await
        .map_err(said)
        .context("the number could not be entered in the SMS sandbox")?;
    Ok(Some(format!(
        "This account is in the SMS sandbox. SNS has sent a code to {number}: \
         `hansho confirm --sms {number} --code CODE`."
    )))
}

/// How a number stands in the sandbox, if it is there.
pub(super) async fn sandbox_number(
    stack: &Deployment,
    number: &str,
) -> anyhow::Result<Option<SmsSandboxPhoneNumberVerificationStatus>> {
    // Ten numbers at most, so one page.
    let listed = stack.sns.list_sms_sandbox_phone_numbers().send().await;
    let listed = listed.map_err(said).context("the numbers of the SMS sandbox")?;
    Ok(listed
        .phone_numbers()
        .iter()
        .find(|entry| entry.phone_number() == Some(number))
        .and_then(|entry| entry.status().cloned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ids_and_mailboxes_are_taken_as_they_are_or_not_at_all() {
        for good in ["+819012345678", "+12025550123"] {
            assert_eq!(number(good).as_deref(), Ok(good));
        }
        for bad in ["09012345678", "+0901234567", "+81 90", "+81９０１２３４５６７", ""] {
            assert!(number(bad).is_err(), "{bad}");
        }
        assert!(person_id("hanako-2").is_ok() && person_id("hanako_2").is_ok());
        for bad in ["", "Hanako", "a/b", "a~b", "-a", &"x".repeat(33)] {
            assert!(person_id(bad).is_err(), "{bad}");
        }
        assert!(mailbox("hanako@example.net").is_ok());
        for bad in ["hanako", "@example.net", "a@b", "a b@example.net", "a@b@example.net"] {
            assert!(mailbox(bad).is_err(), "{bad}");
        }
    }
}
