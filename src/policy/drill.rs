//! Drills: who is drilled, and how a drill is told from the real thing. A drill
//! of a person goes by that person's rules and language, but under an id of its
//! own, so that whatever is counted for it is never counted for the person.

/// Mails of drills lie under it in the bucket. The bucket's policy lets SES
/// write elsewhere only, so that no mail from outside can be one.
pub const PREFIX: &str = "drill/";

/// No id of a person holds it.
const MARK: char = '~';

/// The key of one mail of a drill.
pub fn key(person: &str, run: &str, number: u32) -> String {
    format!("{PREFIX}{person}/{run}-{number}")
}

/// The id under which a drill of this person is counted.
pub fn person(person: &str, run: &str) -> String {
    format!("{person}{MARK}{run}")
}

/// The id under which the mail at this key is counted, if it is one of a drill.
pub fn of_key(key: &str) -> Option<String> {
    let (who, mail) = key.strip_prefix(PREFIX)?.split_once('/')?;
    let (run, _) = mail.split_once('-')?;
    let plain = |text: &str, max: usize| {
        (1..=max).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    (plain(who, 32) && plain(run, 32)).then(|| person(who, run))
}

/// The person who is drilled under this id, if it is one of a drill.
pub fn whose(id: &str) -> Option<&str> {
    id.split_once(MARK).map(|(person, _)| person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_found_again_under_its_key() {
        let id = of_key(&key("hanako-2", "ab23", 4)).unwrap();
        assert_eq!(id, person("hanako-2", "ab23"));
        assert_eq!(whose(&id), Some("hanako-2"));
        assert_eq!(whose("hanako-2"), None);
    }

    #[test]
    fn nothing_but_a_drills_key_is_one() {
        for key in [
            "mail/3mtwvx6vqdbziitwqcanbz3n5c32xj83ifdiqdiq",
            "mail/drill/hanako/ab23-1",
            "drill/hanako/ab23",
            "drill//ab23-1",
            "drill/hanako/-1",
            "drill/ha|nako/ab23-1",
            "drill/hanako~x/ab23-1",
            "drill/hanako/a/b-1",
        ] {
            assert_eq!(of_key(key), None, "{key}");
        }
    }
}
