//! Whether a mail that has arrived is handled: the bucket's policy and
//! notification, the queue, the dead letters, the function, the alarms.

use std::time::Duration;

use anyhow::Context as _;
use aws_sdk_cloudwatch::types::{Dimension, StateValue, Statistic};
use aws_sdk_s3::types::FilterRuleName;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::super::deployment::{Deployment, said};
use super::Report;
use crate::edges::clock_ms;
use crate::policy::drill;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Looks at all of it.
pub(super) async fn look(stack: &Deployment, report: &mut Report) {
    if let Err(error) = bucket_policy(stack, report).await {
        report.unseen("bucket policy", &error);
    }
    if let Err(error) = notification(stack, report).await {
        report.unseen("notification", &error);
    }
    if let Err(error) = queue(stack, report).await {
        report.unseen("queue", &error);
    }
    if let Err(error) = dead_letters(stack, report).await {
        report.unseen("dead letters", &error);
    }
    if let Err(error) = function(stack, report).await {
        report.unseen("function", &error);
    }
    if let Err(error) = alarms(stack, report).await {
        report.unseen("alarms", &error);
    }
}

/// SES must be able to write under `mail/`, and nowhere else: a drill is known
/// by its key.
async fn bucket_policy(stack: &Deployment, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "bucket policy";
    let bucket = stack.output("BucketName")?;
    let answer = stack.s3.get_bucket_policy().bucket(bucket).send().await.map_err(said)?;
    let policy: Value = serde_json::from_str(answer.policy().unwrap_or_default())
        .context("the bucket's policy is no JSON")?;
    let resources = writable_by_ses(&policy);
    let mail_only = resources.iter().all(|resource| resource.ends_with("/mail/*"));
    if resources.is_empty() {
        report.fail(
            PART,
            "SES may not write to the bucket: mail is lost",
            "deploy the stack again",
        );
    } else if mail_only {
        report.ok(PART, "SES may write under mail/, and nowhere else");
    } else {
        report.fail(
            PART,
            "SES may write elsewhere than under mail/: a mail could pass for a drill",
            "deploy the stack again",
        );
    }
    Ok(())
}

/// The resources that a policy lets SES write to.
fn writable_by_ses(policy: &Value) -> Vec<String> {
    let list = |value: &Value| -> Vec<String> {
        match value {
            Value::String(one) => vec![one.clone()],
            Value::Array(many) => {
                many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    };
    let empty = Vec::new();
    policy
        .get("Statement")
        .and_then(Value::as_array)
        .unwrap_or(&empty)
        .iter()
        .filter(|statement| statement.get("Effect").and_then(Value::as_str) == Some("Allow"))
        .filter(|statement| {
            let service = statement.pointer("/Principal/Service").map(list).unwrap_or_default();
            service.iter().any(|name| name == "ses.amazonaws.com")
        })
        .filter_map(|statement| statement.get("Resource").map(list))
        .flatten()
        .collect()
}

/// Both prefixes must be told to the queue.
async fn notification(stack: &Deployment, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "notification";
    let bucket = stack.output("BucketName")?;
    let asked = stack.s3.get_bucket_notification_configuration().bucket(bucket);
    let answer = asked.send().await.map_err(said)?;
    let told = |wanted: &str| {
        answer.queue_configurations().iter().any(|configuration| {
            let rules = configuration
                .filter()
                .and_then(|filter| filter.key())
                .map(|key| key.filter_rules())
                .unwrap_or_default();
            configuration
                .events()
                .iter()
                .any(|event| event.as_str().starts_with("s3:ObjectCreated"))
                && rules.iter().any(|rule| {
                    rule.name() == Some(&FilterRuleName::Prefix) && rule.value() == Some(wanted)
                })
        })
    };
    if !told("mail/") {
        report.fail(
            PART,
            "the bucket does not tell the queue of new mail: none is handled",
            "deploy the stack again",
        );
    } else if !told(drill::PREFIX) {
        report.warn(PART, "drills do not reach the queue", "deploy the stack again");
    } else {
        report.ok(PART, "new mail is told to the queue");
    }
    Ok(())
}

async fn queue(stack: &Deployment, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "queue";
    let (waiting, in_hand) = counts(stack, stack.output("MailQueueUrl")?).await?;
    if waiting > 100 {
        report.warn(PART, format!("{waiting} messages wait"), "docs/operate.md, \"queue-age\"");
    } else {
        report.ok(PART, format!("{waiting} waiting, {in_hand} in hand"));
    }
    Ok(())
}

async fn dead_letters(stack: &Deployment, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "dead letters";
    let (waiting, in_hand) = counts(stack, stack.output("DeadLetterQueueUrl")?).await?;
    match waiting + in_hand {
        0 => report.ok(PART, "none"),
        some => report.fail(
            PART,
            format!("{some} mail(s) could not be handled"),
            "docs/operate.md, \"dead-letters\"",
        ),
    }
    Ok(())
}

/// How many messages of a queue are visible, and how many are in hand.
async fn counts(stack: &Deployment, url: &str) -> anyhow::Result<(u64, u64)> {
    let visible = QueueAttributeName::ApproximateNumberOfMessages;
    let hidden = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
    let answer = stack
        .sqs
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(visible.clone())
        .attribute_names(hidden.clone())
        .send()
        .await
        .map_err(said)?;
    let count = |name: &QueueAttributeName| {
        let text = answer.attributes().and_then(|all| all.get(name));
        text.and_then(|text| text.parse().ok()).context("SQS gives no count")
    };
    Ok((count(&visible)?, count(&hidden)?))
}

/// Its errors of the last day.
async fn function(stack: &Deployment, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "function";
    let name = stack.output("FunctionName")?;
    let of = Dimension::builder().name("FunctionName").value(name).build();
    let runs = metric(stack, "AWS/Lambda", "Invocations", Some(of.clone()), Statistic::Sum).await?;
    let errors = metric(stack, "AWS/Lambda", "Errors", Some(of), Statistic::Sum).await?;
    match (runs, errors) {
        (_, Some(errors)) if errors > 0.0 => report.warn(
            PART,
            format!("failed {errors:.0} of {:.0} times in the last day", runs.unwrap_or(errors)),
            "docs/operate.md, \"errors\"",
        ),
        (Some(runs), _) if runs > 0.0 => {
            report.ok(PART, format!("ran {runs:.0} times in the last day without an error"));
        }
        _ => report.warn(
            PART,
            "has not run in the last day, and the sweep calls it every five minutes",
            "right after a deployment wait ten minutes; else docs/operate.md, \"silent\"",
        ),
    }
    Ok(())
}

/// One figure over the last day; `None` where there is none.
pub(super) async fn metric(
    stack: &Deployment,
    namespace: &str,
    name: &str,
    dimension: Option<Dimension>,
    statistic: Statistic,
) -> anyhow::Result<Option<f64>> {
    let now = aws_sdk_cloudwatch::primitives::DateTime::from_millis(clock_ms());
    let from = now.secs().saturating_sub_unsigned(DAY.as_secs());
    let answer = stack
        .cloudwatch
        .get_metric_statistics()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(dimension.map(|dimension| vec![dimension]))
        .start_time(aws_sdk_cloudwatch::primitives::DateTime::from_secs(from))
        .end_time(now)
        .period(86_400)
        .statistics(statistic.clone())
        .send()
        .await
        .map_err(said)?;
    let values = answer.datapoints().iter().filter_map(|point| match statistic {
        Statistic::Maximum => point.maximum(),
        _ => point.sum(),
    });
    Ok(match statistic {
        Statistic::Maximum => values.reduce(f64::max),
        _ => values.reduce(|a, b| a + b),
    })
}

async fn alarms(stack: &Deployment, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "alarms";
    let prefix = format!("{}-", stack.stack);
    let asked = stack.cloudwatch.describe_alarms().alarm_name_prefix(&prefix);
    let answer = asked.send().await.map_err(said)?;
    let ringing: Vec<_> = answer
        .metric_alarms()
        .iter()
        .filter(|alarm| alarm.state_value() == Some(&StateValue::Alarm))
        .collect();
    for alarm in &ringing {
        let name = alarm.alarm_name().unwrap_or_default();
        let short = name.strip_prefix(&prefix).unwrap_or(name);
        report.fail(PART, format!("{short} rings"), format!("docs/operate.md, \"{short}\""));
    }
    if answer.metric_alarms().is_empty() {
        report.fail(PART, "there are none", "deploy the stack again");
    } else if ringing.is_empty() {
        report.ok(PART, format!("none of {} rings", answer.metric_alarms().len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_ses_may_write_to_is_read_in_every_form_of_a_policy() {
        let allow = |principal: Value, resource: Value| json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:PutObject", "Resource": resource}]});
        let ses = json!({"Service": "ses.amazonaws.com"});
        let mail = json!("arn:aws:s3:::b/mail/*");
        assert_eq!(writable_by_ses(&allow(ses.clone(), mail.clone())), ["arn:aws:s3:::b/mail/*"]);
        assert_eq!(
            writable_by_ses(&allow(
                json!({"Service": ["x.amazonaws.com", "ses.amazonaws.com"]}),
                json!(["arn:aws:s3:::b/mail/*", "arn:aws:s3:::b/*"])
            ))
            .len(),
            2
        );
        assert!(writable_by_ses(&allow(json!("*"), mail)).is_empty());
        assert!(writable_by_ses(&json!({})).is_empty());
    }
}
