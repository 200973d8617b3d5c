//! How the commands look to a person in a pipe, whole: exit code, standard
//! output and standard error.

use std::fs;

use super::{run, text};

macro_rules! looks {
    ($name:ident, $arguments:expr) => {
        #[test]
        fn $name() {
            insta::with_settings!({
                snapshot_path => "snapshots",
                prepend_module_to_snapshot => false,
                omit_expression => true,
                filters => vec![(r"\d+\.\d s\b", "[time]")],
            }, {
                insta::assert_snapshot!(stringify!($name), run($arguments).whole());
            });
        }
    };
}

#[cfg(not(feature = "stack"))]
looks!(help, ["--help"]);
#[cfg(feature = "stack")]
looks!(help_with_stack, ["--help"]);
looks!(replay_help, ["replay", "--help"]);
looks!(a_quiet_month, ["replay", "events/mail/month.mbox"]);
looks!(a_policy_that_can_be_used, ["check-policy", "infra/policy.example.toml"]);
looks!(every_alert, ["preview", "--at", "2026-01-04T03:00+09:00"]);
looks!(a_missing_path, ["replay", "no/such/mailbox"]);
looks!(
    a_mail_explained,
    ["explain", "--language", "en", "events/mail/3mtwvx6vqdbziitwqcanbz3n5c32xj83ifdiqdiq.eml"]
);

#[test]
fn a_policy_that_cannot_be_used_is_refused_with_the_place_and_the_remedy() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("policy.toml");
    fs::write(&path, "[person.hanako]\naddresses = [\"a@example.com\"]\nlanguage = \"fr\"\n")
        .unwrap();
    let done = run(["check-policy", text(&path)]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""));
    assert!(done.stderr.contains("policy.toml") && done.stderr.contains("ja"), "{}", done.stderr);
}

#[test]
fn every_previewed_sms_is_one_part() {
    let done = run(["preview", "--json", "--at", "2026-01-05T10:00+09:00"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let lines = done.lines();
    let names: std::collections::BTreeSet<&str> =
        lines.iter().map(|line| line["alert"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(lines.iter().any(|line| line["sms"].is_string()));
    for line in lines.iter().filter(|line| line["sms"].is_string()) {
        assert_eq!(line["sms_segments"]["parts"], 1, "{line}");
    }
}

#[test]
fn nothing_is_coloured_in_a_pipe_unless_it_is_asked_for() {
    let plain = run(["replay", "events/mail/flood.mbox"]);
    assert!(!plain.stdout.contains('\u{1b}'));
    let coloured = run(["replay", "--color", "always", "events/mail/flood.mbox"]);
    assert!(coloured.stdout.contains('\u{1b}'));
    let stripped = anstream::adapter::strip_str(&coloured.stdout).to_string();
    // The last line says how long it took.
    assert!(stripped.lines().rev().skip(1).eq(plain.stdout.lines().rev().skip(1)));
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = run(["completions", shell]);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{shell}");
        assert!(done.stdout.contains("hansho") && done.stdout.contains("check-policy"), "{shell}");
    }
}
