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

looks!(help, ["--help"]);
looks!(replay_help, ["replay", "--help"]);
looks!(a_quiet_month, ["replay", "events/mail/month.mbox"]);
looks!(a_policy_that_can_be_used, ["check-policy", "infra/policy.example.toml"]);
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
