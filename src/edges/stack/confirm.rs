//! `hansho confirm`: answers what SNS asks before it sends: the link in the mail
//! to an address, the code in the message to a number of the sandbox.

use std::io::Write as _;

use anyhow::{Context as _, ensure};

use super::DONE;
use super::deployment::{Place, said};
use super::subscribe::number;

/// The arguments of `confirm`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["token", "sms"]))]
pub struct Confirm {
    /// The link in the mail of SNS, or what stands in it after `Token=`
    #[arg(long, value_name = "LINK")]
    token: Option<String>,
    /// The number that is to be verified in the SMS sandbox
    #[arg(long, value_name = "+81…", value_parser = number, requires = "code")]
    sms: Option<String>,
    /// The code that SNS has sent to it
    #[arg(long, value_name = "CODE", requires = "sms")]
    code: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Confirm {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever AWS refuses.
    pub fn run(&self) -> anyhow::Result<u8> {
        super::run(async {
            let stack = self.place.find().await?;
            let mut out = anstream::stdout().lock();
            if let Some(link) = &self.token {
                let token = token(link);
                ensure!(!token.is_empty(), "there is no token in {link:?}");
                stack
                    .sns
                    .confirm_subscription()
                    .topic_arn(stack.output("AlertTopicArn")?)
                    .token(token)
                    // Else the link that SNS puts under every mail unsubscribes
                    // whoever's scanner follows it.
                    .authenticate_on_unsubscribe("true")
                    .send()
                    .await
                    .map_err(said)
                    .context("the subscription was not confirmed")?;
                writeln!(out, "confirmed; only this account can unsubscribe it")?;
            }
            if let (Some(number), Some(code)) = (&self.sms, &self.code) {
                stack
                    .sns
                    .verify_sms_sandbox_phone_number()
                    .phone_number(number)
                    .one_time_password(code)
                    .send()
                    .await
                    .map_err(said)
                    .context("the number was not verified")?;
                writeln!(out, "{number} is verified")?;
            }
            Ok(DONE)
        })
    }
}

/// The token in a link, or the text itself.
fn token(link: &str) -> &str {
    let after = link.split_once("Token=").map_or(link, |(_, after)| after);
    after.split(['&', '#', ' ', '>']).next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_the_link_and_alone() {
        let link = "https://sns.ap-northeast-1.amazonaws.com/confirmation.html?TopicArn=arn:aws:sns:ap-northeast-1:000000000000:x&Token=23a4f0&Endpoint=hanako@example.net";
        for text in [link, "23a4f0", " 23a4f0", "https://example.com/?Token=23a4f0"] {
            assert_eq!(token(text.trim()), "23a4f0", "{text}");
        }
        assert_eq!(token("https://example.com/?Token=&Endpoint=x"), "");
    }
}
