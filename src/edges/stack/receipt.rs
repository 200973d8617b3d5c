//! The receipt rule: which addresses SES takes mail for.

use anyhow::{Context as _, ensure};
use aws_sdk_ses::types::ReceiptRule;

use super::deployment::{Deployment, said};

/// What one receipt rule takes.
const RECIPIENTS_MAX: usize = 100;

impl Deployment {
    /// Our rule, as it stands.
    pub(super) async fn receipt_rule(&self) -> anyhow::Result<ReceiptRule> {
        let answer = self
            .ses
            .describe_receipt_rule()
            .rule_set_name(self.output("RuleSetName")?)
            .rule_name(self.output("RuleName")?)
            .send()
            .await
            .map_err(said)
            .context("the receipt rule cannot be read")?;
        answer.rule.context("SES names no receipt rule")
    }

    /// Makes sure that there is room for one more address, before anything is changed.
    pub(super) async fn room_for(&self, address: &str) -> anyhow::Result<()> {
        let rule = self.receipt_rule().await?;
        ensure!(
            rule.recipients().len() < RECIPIENTS_MAX || takes(&rule, address),
            "the receipt rule has {RECIPIENTS_MAX} addresses, and SES takes no more"
        );
        Ok(())
    }

    /// Adds an address to the rule. SES knows no condition for this, so it is
    /// looked at again afterwards.
    pub(super) async fn receive_for(&self, address: &str) -> anyhow::Result<()> {
        for _ in 0..3 {
            let mut rule = self.receipt_rule().await?;
            if takes(&rule, address) {
                return Ok(());
            }
            rule.recipients.get_or_insert_default().push(address.to_owned());
            self.ses
                .update_receipt_rule()
                .rule_set_name(self.output("RuleSetName")?)
                .rule(rule)
                .send()
                .await
                .map_err(said)
                .context("the receipt rule cannot be changed")?;
        }
        ensure!(
            takes(&self.receipt_rule().await?, address),
            "somebody else keeps changing the receipt rule; try again"
        );
        Ok(())
    }
}

/// Whether the rule takes mail for this very address.
pub(super) fn takes(rule: &ReceiptRule, address: &str) -> bool {
    rule.recipients().iter().any(|own| own.eq_ignore_ascii_case(address))
}
