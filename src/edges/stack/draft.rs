//! A policy while it is being changed: what people wrote stays as they wrote
//! it, comments and order included. Pure: text in, text out.

use anyhow::Context as _;
use toml_edit::{Array, DocumentMut, Item, Table, value};

/// The text of a policy that can be changed in place.
pub(super) struct Draft(DocumentMut);

/// What is to stand in the policy of a person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// An address at our domain, if one is to be added.
    pub(super) address: Option<&'a str>,
    /// The person's own mailboxes, to be added.
    pub(super) mailboxes: &'a [String],
    /// The language of alerts, if it is to be set.
    pub(super) language: Option<&'a str>,
    /// Text messages are to be sent.
    pub(super) sms: bool,
}

impl Draft {
    /// Reads a policy; an empty one is one.
    pub(super) fn read(text: &str) -> anyhow::Result<Self> {
        Ok(Self(text.parse().context("the policy is not TOML")?))
    }

    /// Enters a person, or what is new of one who is there already.
    pub(super) fn enter(&mut self, id: &str, entry: &Entry) -> anyhow::Result<()> {
        let person = self.person(id)?;
        if let Some(address) = entry.address {
            add(person, "addresses", address)?;
        }
        for mailbox in entry.mailboxes {
            add(person, "mailboxes", mailbox)?;
        }
        if let Some(language) = entry.language {
            person.insert("language", value(language));
        }
        if entry.sms {
            person.insert("sms", value(true));
        }
        Ok(())
    }

    /// Silences a service for a person until a time (RFC 3339), or no longer.
    pub(super) fn mute(
        &mut self,
        id: &str,
        service: &str,
        until: Option<&str>,
    ) -> anyhow::Result<()> {
        let services = table(self.person(id)?, "service", true)?;
        match until {
            Some(until) => {
                table(services, service, false)?.insert("mute_until", value(until));
            }
            None => {
                if let Some(rules) = services.get_mut(service).and_then(Item::as_table_like_mut) {
                    rules.remove("mute_until");
                    if rules.is_empty() {
                        services.remove(service);
                    }
                }
            }
        }
        Ok(())
    }

    /// The text, as it is to be put back.
    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    fn person(&mut self, id: &str) -> anyhow::Result<&mut Table> {
        table(table(self.0.as_table_mut(), "person", true)?, id, false)
    }
}

/// The table of this name, made if it is not there.
fn table<'a>(parent: &'a mut Table, name: &str, implicit: bool) -> anyhow::Result<&'a mut Table> {
    parent
        .entry(name)
        .or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(implicit);
            Item::Table(table)
        })
        .as_table_mut()
        .with_context(|| {
            format!("in the policy, write `{name}` as a table of its own, [...{name}]")
        })
}

/// Adds to a list what is not in it.
fn add(person: &mut Table, key: &str, new: &str) -> anyhow::Result<()> {
    let list = person
        .entry(key)
        .or_insert_with(|| value(Array::new()))
        .as_array_mut()
        .with_context(|| format!("in the policy, `{key}` is no list"))?;
    if !list.iter().any(|old| old.as_str().is_some_and(|old| old.eq_ignore_ascii_case(new))) {
        list.push(new);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    const WRITTEN: &str = r#"# Who is protected.
observe_only = false

[alerts]
hammered = { count = 6, window = "15m" } # not five

# Mother.
[person.hanako]
addresses = ["hanako-7q3k9x2mtf@mail.example.com"] # keep
language = "ja"

[person.hanako.service.rakuten-sec]
hammered = { count = 1, window = "10m" }
"#;

    fn changed(change: impl Fn(&mut Draft)) -> String {
        let mut draft = Draft::read(WRITTEN).unwrap();
        change(&mut draft);
        draft.text()
    }

    fn entry(address: Option<&str>) -> Entry<'_> {
        Entry { address, mailboxes: &[], language: Some("en"), sms: true }
    }

    #[test]
    fn a_new_person_is_added_and_everything_else_stays_as_it_was_written() {
        let text = changed(|draft| {
            draft.enter("taro", &entry(Some("taro-2m8w4c6hjd@mail.example.com"))).unwrap();
        });
        for line in WRITTEN.lines() {
            assert!(text.contains(line), "{line}");
        }
        let policy = Policy::read(&text).unwrap();
        let taro = policy.person("taro").unwrap();
        assert_eq!(taro.addresses, ["taro-2m8w4c6hjd@mail.example.com"]);
        assert!(taro.sms);
        assert_eq!(policy.person("hanako"), Policy::read(WRITTEN).unwrap().person("hanako"));
    }

    #[test]
    fn what_a_person_has_is_kept_and_nothing_is_entered_twice() {
        let twice = changed(|draft| {
            for _ in 0..2 {
                draft.enter("hanako", &entry(Some("Hanako-7q3k9x2mtf@mail.example.com"))).unwrap();
            }
        });
        assert!(twice.contains(r#"["hanako-7q3k9x2mtf@mail.example.com"] # keep"#), "{twice}");
        assert!(twice.contains("# Mother.\n[person.hanako]"), "{twice}");
    }

    #[test]
    fn the_first_person_makes_a_policy_of_nothing() {
        let mut draft = Draft::read("").unwrap();
        draft.enter("taro", &entry(Some("taro-2m8w4c6hjd@mail.example.com"))).unwrap();
        assert!(Policy::read(&draft.text()).unwrap().person("taro").is_some());
        assert!(!draft.text().contains("[person]\n"), "{}", draft.text());
    }

    #[test]
    fn a_mute_stands_beside_the_rules_of_the_service_and_goes_without_a_trace() {
        let muted = changed(|draft| {
            draft.mute("hanako", "rakuten-sec", Some("2026-06-01T12:00:00Z")).unwrap();
            draft.mute("hanako", "domain:example.net", Some("2026-06-01T12:00:00Z")).unwrap();
        });
        let read: toml::Table = muted.parse().unwrap();
        let services = &read["person"]["hanako"]["service"];
        assert_eq!(services["rakuten-sec"]["mute_until"].as_str(), Some("2026-06-01T12:00:00Z"));
        assert_eq!(services["rakuten-sec"]["hammered"]["count"].as_integer(), Some(1));
        assert!(services["domain:example.net"].get("mute_until").is_some());

        let mut draft = Draft::read(&muted).unwrap();
        draft.mute("hanako", "rakuten-sec", None).unwrap();
        draft.mute("hanako", "domain:example.net", None).unwrap();
        assert_eq!(draft.text(), WRITTEN);
    }

    #[test]
    fn a_policy_of_another_shape_is_refused_and_not_overwritten() {
        let mut draft = Draft::read("person = { hanako = { sms = true } }").unwrap();
        assert!(draft.enter("taro", &entry(None)).is_err());
        let mut draft = Draft::read("[person.hanako]\naddresses = \"a@example.com\"").unwrap();
        assert!(draft.enter("hanako", &entry(Some("b@example.com"))).is_err());
        assert!(Draft::read("[person").is_err());
    }
}
