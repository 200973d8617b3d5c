//! Whether alerts reach people: their subscriptions, what SMS is allowed to
//! cost, and when their last code mail came.

use std::fmt::Write as _;

use aws_sdk_cloudwatch::types::Statistic;
use aws_sdk_sns::types::SmsSandboxPhoneNumberVerificationStatus;
use jiff::Timestamp;

use super::super::deployment::{Deployment, said};
use super::super::subscribe::sandbox_number;
use super::{Report, pipes};
use crate::edges::clock_ms;
use crate::edges::subscriptions::{self, Subscription};
use crate::ledger::Ledger;
use crate::policy::{Person, Policy};

/// Without a code mail for so long, the forwarding may have ended, in milliseconds.
const QUIET_MS: i64 = 14 * 24 * 3600 * 1000;

/// Looks at all of it.
pub(super) async fn look(stack: &Deployment, policy: Option<&Policy>, report: &mut Report) {
    let numbers = match subscribed(stack, policy, report).await {
        Ok(numbers) => numbers,
        Err(error) => {
            report.unseen("subscriptions", &error);
            Vec::new()
        }
    };
    if !numbers.is_empty() {
        if let Err(error) = sandbox(stack, &numbers, report).await {
            report.unseen("SMS sandbox", &error);
        }
        if let Err(error) = spend(stack, report).await {
            report.unseen("SMS spend", &error);
        }
    }
    for person in policy.into_iter().flat_map(|policy| &policy.people) {
        if let Err(error) = last_mail(stack, person, report).await {
            report.unseen("last code mail", &error);
        }
    }
}

/// Each person's channels; gives back the numbers that are subscribed.
async fn subscribed(
    stack: &Deployment,
    policy: Option<&Policy>,
    report: &mut Report,
) -> anyhow::Result<Vec<String>> {
    const PART: &str = "subscriptions";
    let all = subscriptions::of_topic(&stack.sns, stack.output("AlertTopicArn")?).await?;
    let people = |one: &&Subscription| matches!(one.protocol.as_str(), "email" | "sms");
    for one in all.iter().filter(people) {
        let what = format!("{} {}", one.protocol, one.endpoint);
        if one.pending {
            report.fail(
                PART,
                format!("{what} was never confirmed: it gets nothing"),
                "let them look for the mail of SNS, and copy its link: hansho confirm --token LINK",
            );
        } else if one.arn.is_some() && one.people.is_none() {
            report.fail(
                PART,
                format!("{what} has no filter: it gets everybody's alerts"),
                "aws sns unsubscribe it, then hansho subscribe",
            );
        } else if one.arn.is_some() && one.protocol == "email" && !one.authenticated {
            report.warn(
                PART,
                format!("{what} was confirmed by a click: a link scanner can unsubscribe it"),
                "aws sns unsubscribe it, hansho subscribe, and hansho confirm --token LINK",
            );
        }
    }
    for person in policy.into_iter().flat_map(|policy| &policy.people) {
        let by = |channel: &str| {
            all.iter().any(|one| one.protocol == channel && one.reaches(&person.id))
        };
        let todo = format!("hansho subscribe {} --email … --sms …", person.id);
        match (by("email"), by("sms")) {
            (false, false) => {
                report.fail(PART, format!("no alert reaches {}", person.id), todo);
            }
            (true, false) if person.sms => report.warn(
                PART,
                format!("{} is to get SMS, and no number is subscribed", person.id),
                todo,
            ),
            (email, sms) => {
                let mut says = format!("{} is reached by", person.id);
                for (reached, word) in [(email, " e-mail"), (sms, " SMS")] {
                    if reached {
                        let _ = write!(says, "{word}");
                    }
                }
                report.ok(PART, says);
            }
        }
    }
    let sms = all.into_iter().filter(|one| one.protocol == "sms" && one.arn.is_some());
    Ok(sms.map(|one| one.endpoint).collect())
}

async fn sandbox(
    stack: &Deployment,
    numbers: &[String],
    report: &mut Report,
) -> anyhow::Result<()> {
    const PART: &str = "SMS sandbox";
    let answer = stack.sns.get_sms_sandbox_account_status().send().await.map_err(said)?;
    if !answer.is_in_sandbox() {
        report.ok(PART, "the account is out of it");
        return Ok(());
    }
    for number in numbers {
        let standing = sandbox_number(stack, number).await?;
        if standing == Some(SmsSandboxPhoneNumberVerificationStatus::Verified) {
            report.ok(PART, format!("{number} is verified"));
        } else {
            report.fail(
                PART,
                format!("{number} is not verified: it gets nothing"),
                format!(
                    "hansho subscribe sends it a code; hansho confirm --sms {number} --code CODE"
                ),
            );
        }
    }
    Ok(())
}

async fn spend(stack: &Deployment, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "SMS spend";
    let asked = stack.sns.get_sms_attributes().attributes("MonthlySpendLimit");
    let answer = asked.send().await.map_err(said)?;
    let limit = answer.attributes().and_then(|all| all.get("MonthlySpendLimit"));
    // A new account has this limit, and SNS does not say so.
    let limit: f64 = limit.and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let name = "SMSMonthToDateSpentUSD";
    let spent = pipes::metric(stack, "AWS/SNS", name, None, Statistic::Maximum).await?;
    let spent = spent.unwrap_or_default();
    let says = format!("{spent:.2} of {limit:.2} USD this month");
    let todo = "ask AWS support for a higher limit: docs/operate.md, \"sms-spend\"";
    let alarm: Option<f64> = stack.parameter("SmsAlarmUsd").and_then(|text| text.parse().ok());
    if spent >= limit {
        report.fail(PART, format!("{says}: SNS drops every SMS"), todo);
    } else if spent >= limit / 2.0 {
        report.warn(PART, says, todo);
    } else if alarm.is_some_and(|alarm| alarm > limit / 2.0) {
        report.warn(
            PART,
            format!("{says}; the alarm rings late"),
            format!("set SmsAlarmUsd = {:.2} and deploy", limit / 2.0),
        );
    } else {
        report.ok(PART, says);
    }
    Ok(())
}

async fn last_mail(stack: &Deployment, person: &Person, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "last code mail";
    let ledger = Ledger::new(stack.dynamodb.clone(), stack.output("TableName")?);
    let forwarding = "docs/deploy.md, \"How to recognise a set-up that does not work\"";
    match ledger.last_code_ms(&person.id).await? {
        Some(at_ms) => {
            let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
            let says = format!("{}: {}", person.id, at.strftime("%Y-%m-%d %H:%M UTC"));
            if clock_ms() - at_ms > QUIET_MS {
                report.warn(PART, format!("{says}, long ago: is it still forwarded?"), forwarding);
            } else {
                report.ok(PART, says);
            }
        }
        None => report.warn(
            PART,
            format!("{}: none in 30 days: is it forwarded?", person.id),
            forwarding,
        ),
    }
    Ok(())
}
