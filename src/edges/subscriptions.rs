//! Who is subscribed to the topic of alerts, and to what: read by the function,
//! which notices who is gone, and by the commands.

use aws_sdk_sns::Client;
use aws_sdk_sns::error::SdkError;
use aws_sdk_sns::operation::get_subscription_attributes::GetSubscriptionAttributesError;
use aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicError;
use serde_json::Value;

/// At most this many pages of a hundred are read.
const PAGES_MAX: usize = 20;

/// One subscription of the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its ARN; none before it is confirmed, and none once it is deleted.
    pub arn: Option<String>,
    /// `sms`, `email`, `sqs` …
    pub protocol: String,
    /// The number, the address, the queue.
    pub endpoint: String,
    /// The people whose alerts it gets; `None` means everybody's.
    pub people: Option<Vec<String>>,
    /// It waits for the addressee to confirm it.
    pub pending: bool,
    /// It was confirmed so that only the account can unsubscribe it.
    pub authenticated: bool,
}

/// Why the subscriptions could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SubscriptionsError {
    /// The list.
    #[error("the subscriptions cannot be listed")]
    List(#[from] Box<SdkError<ListSubscriptionsByTopicError>>),
    /// One of them.
    #[error("a subscription cannot be read")]
    Read(#[from] Box<SdkError<GetSubscriptionAttributesError>>),
}

impl Subscription {
    /// It is confirmed, and gets the alerts of this person.
    pub fn reaches(&self, person: &str) -> bool {
        self.arn.is_some()
            && !self.pending
            && self.people.as_ref().is_none_or(|people| people.iter().any(|id| id == person))
    }
}

/// All subscriptions of a topic.
///
/// # Errors
/// [`SubscriptionsError`] if SNS did not give them.
pub async fn of_topic(
    client: &Client,
    topic_arn: &str,
) -> Result<Vec<Subscription>, SubscriptionsError> {
    let mut all = Vec::new();
    let mut next = None;
    for _ in 0..PAGES_MAX {
        let page = client
            .list_subscriptions_by_topic()
            .topic_arn(topic_arn)
            .set_next_token(next)
            .send()
            .await
            .map_err(Box::new)?;
        for listed in page.subscriptions() {
            // A subscription that is pending or deleted has that word for an ARN.
            let arn = listed.subscription_arn().filter(|arn| arn.starts_with("arn:"));
            let mut subscription = Subscription {
                arn: arn.map(str::to_owned),
                protocol: listed.protocol().unwrap_or_default().to_owned(),
                endpoint: listed.endpoint().unwrap_or_default().to_owned(),
                people: None,
                pending: listed.subscription_arn() == Some("PendingConfirmation"),
                authenticated: false,
            };
            if let Some(arn) = arn {
                let asked = client.get_subscription_attributes().subscription_arn(arn).send().await;
                let answer = match asked {
                    Ok(answer) => answer,
                    // It has gone since it was listed.
                    Err(error)
                        if error.as_service_error().is_some_and(|e| e.is_not_found_exception()) =>
                    {
                        continue;
                    }
                    Err(error) => return Err(Box::new(error).into()),
                };
                let attribute =
                    |name: &str| answer.attributes().and_then(|all| all.get(name)).cloned();
                let is = |name: &str| attribute(name).as_deref() == Some("true");
                subscription.pending |= is("PendingConfirmation");
                subscription.authenticated = is("ConfirmationWasAuthenticated");
                subscription.people = attribute("FilterPolicy").and_then(|text| people(&text));
            }
            all.push(subscription);
        }
        next = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    Ok(all)
}

/// The filter of one person's channel, as a subscription has it from the start.
pub fn filter(people: &[String], channel: &str) -> String {
    serde_json::json!({"person": people, "channels": [channel]}).to_string()
}

/// The people that a filter names.
fn people(filter: &str) -> Option<Vec<String>> {
    let filter: Value = serde_json::from_str(filter).ok()?;
    let named = filter.get("person")?.as_array()?;
    Some(named.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_the_people_it_was_made_for() {
        let both = ["hanako".to_owned(), "taro".to_owned()];
        assert_eq!(people(&filter(&both, "sms")), Some(both.to_vec()));
        for other in ["", "{}", r#"{"channels":["sms"]}"#, r#"{"person":"hanako"}"#] {
            assert_eq!(people(other), None, "{other}");
        }
    }

    #[test]
    fn only_what_is_confirmed_reaches_somebody() {
        let of = |arn: Option<&str>, pending, people: Option<&[&str]>| Subscription {
            arn: arn.map(str::to_owned),
            protocol: "email".to_owned(),
            endpoint: "hanako@example.net".to_owned(),
            people: people.map(|ids| ids.iter().map(|&id| id.to_owned()).collect()),
            pending,
            authenticated: false,
        };
        assert!(of(Some("arn:x"), false, Some(&["hanako"])).reaches("hanako"));
        assert!(of(Some("arn:x"), false, None).reaches("hanako"));
        assert!(!of(Some("arn:x"), false, Some(&["taro"])).reaches("hanako"));
        assert!(!of(Some("arn:x"), true, Some(&["hanako"])).reaches("hanako"));
        assert!(!of(None, true, None).reaches("hanako"));
    }
}
