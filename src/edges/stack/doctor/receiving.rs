//! Whether mail can arrive: the receipt rule set and rule, the domain's
//! identity, its MX record.

use std::net::SocketAddr;

use anyhow::Context as _;
use aws_sdk_ses::types::VerificationStatus;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

use super::super::deployment::{Deployment, said};
use super::super::receipt::takes;
use super::Report;
use crate::policy::Policy;

/// Looks at all of it.
pub(super) async fn look(
    stack: &Deployment,
    policy: Option<&Policy>,
    dns: Option<SocketAddr>,
    report: &mut Report,
) {
    if let Err(error) = rule_set(stack, report).await {
        report.unseen("rule set", &error);
    }
    if let Err(error) = rule(stack, policy, report).await {
        report.unseen("receipt rule", &error);
    }
    if let Err(error) = identity(stack, report).await {
        report.unseen("domain", &error);
    }
    if let Err(error) = mx(stack, dns, report).await {
        report.unseen("MX record", &error);
    }
}

async fn rule_set(stack: &Deployment, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "rule set";
    let ours = stack.output("RuleSetName")?;
    let active = stack.ses.describe_active_receipt_rule_set().send().await.map_err(said)?;
    match active.metadata().and_then(|metadata| metadata.name()) {
        Some(name) if name == ours => report.ok(PART, format!("{ours} is active")),
        Some(other) => report.fail(
            PART,
            format!("{other} is active and not {ours}: no mail arrives"),
            format!("set ExistingRuleSet = \"{other}\" and deploy, or activate {ours}"),
        ),
        None => report.fail(
            PART,
            "none is active: no mail arrives",
            format!("aws ses set-active-receipt-rule-set --rule-set-name {ours}"),
        ),
    }
    Ok(())
}

async fn rule(
    stack: &Deployment,
    policy: Option<&Policy>,
    report: &mut Report,
) -> anyhow::Result<()> {
    const PART: &str = "receipt rule";
    let rule = stack.receipt_rule().await?;
    if !rule.enabled() {
        report.fail(
            PART,
            "switched off: SES refuses every mail",
            "docs/operate.md, \"The switch\"",
        );
        return Ok(());
    }
    let bucket = stack.output("BucketName")?;
    let stores = rule.actions().iter().filter_map(|action| action.s3_action()).any(|action| {
        action.bucket_name() == bucket && action.object_key_prefix() == Some("mail/")
    });
    if !stores {
        report.fail(PART, "does not store mail in the stack's bucket", "deploy the stack again");
        return Ok(());
    }
    let missing: Vec<&str> = policy
        .into_iter()
        .flat_map(|policy| &policy.people)
        .flat_map(|person| &person.addresses)
        .filter(|address| !takes(&rule, address))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        report.ok(PART, format!("takes mail for {} address(es)", rule.recipients().len()));
    } else {
        report.fail(
            PART,
            format!("refuses addresses of the policy: {}", missing.join(", ")),
            "infra/deploy.sh puts the policy's addresses into the rule",
        );
    }
    Ok(())
}

/// The domain, or one above it, must be verified in this region.
async fn identity(stack: &Deployment, report: &mut Report) -> anyhow::Result<()> {
    const PART: &str = "domain";
    let domain = stack.mail_domain()?;
    let names = domains(domain);
    let asked =
        stack.ses.get_identity_verification_attributes().set_identities(Some(names.clone()));
    let answer = asked.send().await.map_err(said)?;
    let verified = names.iter().find(|name| {
        answer
            .verification_attributes()
            .get(*name)
            .is_some_and(|found| *found.verification_status() == VerificationStatus::Success)
    });
    match verified {
        Some(name) => report.ok(PART, format!("{name} is verified")),
        None => report.fail(
            PART,
            format!("{domain} is not verified in {}: SES takes nothing for it", stack.region),
            "docs/deploy.md, \"Tell SES that the domain is yours\"",
        ),
    }
    Ok(())
}

/// A domain and those above it, down to two labels.
fn domains(domain: &str) -> Vec<String> {
    let labels: Vec<&str> = domain.split('.').collect();
    (0..labels.len().saturating_sub(1))
        .filter_map(|from| labels.get(from..))
        .map(|rest| rest.join("."))
        .collect()
}

async fn mx(
    stack: &Deployment,
    dns: Option<SocketAddr>,
    report: &mut Report,
) -> anyhow::Result<()> {
    const PART: &str = "MX record";
    let domain = stack.mail_domain()?;
    let wanted = format!("inbound-smtp.{}.amazonaws.com", stack.region);
    let todo = format!("set one MX record, and no other: {domain}. MX 10 {wanted}");
    let resolver = match dns {
        Some(server) => {
            let mut udp = ConnectionConfig::udp();
            udp.port = server.port();
            let mut tcp = ConnectionConfig::tcp();
            tcp.port = server.port();
            let server = NameServerConfig::new(server.ip(), true, vec![udp, tcp]);
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build()
        }
        None => TokioResolver::builder_tokio().context("the system's DNS settings")?.build(),
    };
    let resolver = resolver.context("the DNS cannot be asked")?;
    // With the dot at its end no search domain is added.
    let found = match resolver.mx_lookup(format!("{domain}.")).await {
        Ok(found) => found,
        Err(error) if error.is_no_records_found() => {
            report.fail(PART, format!("{domain} has none: no mail arrives"), todo);
            return Ok(());
        }
        Err(error) => return Err(error).context("the DNS does not answer"),
    };
    let hosts: Vec<String> = found
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::MX(mx) => Some(mx.exchange.to_utf8().trim_end_matches('.').to_lowercase()),
            _ => None,
        })
        .collect();
    match hosts.as_slice() {
        [only] if *only == wanted => report.ok(PART, format!("{domain} points to {wanted}")),
        hosts if hosts.contains(&wanted) => report.fail(
            PART,
            format!("{domain} also points elsewhere ({}): mail goes to either", hosts.join(", ")),
            todo,
        ),
        hosts => {
            report.fail(PART, format!("{domain} points to {}", hosts.join(", ")), todo);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_domains_above_a_domain_end_before_the_last_label() {
        assert_eq!(
            super::domains("mail.example.com"),
            ["mail.example.com".to_owned(), "example.com".to_owned()]
        );
        assert_eq!(super::domains("com"), Vec::<String>::new());
    }
}
