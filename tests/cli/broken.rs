//! Whatever is fed to the commands, they answer: a verdict or one line that
//! says what is wrong and what to do. Never a crash.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use super::{done, hansho, run, text};

/// A name, and bytes that are hard to take for a mail.
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let heavy = [
        b"From: a@example.com\r\nSubject: photos\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec(),
        b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n".repeat(40 * 1024 * 1024 / 78),
        b"--b--\r\n".to_vec(),
    ]
    .concat();
    let long = [
        b"From: a@example.com\r\nSubject: ".to_vec(),
        vec![b'x'; 1024 * 1024],
        b"\r\n\r\nhello\r\n".to_vec(),
    ]
    .concat();
    vec![
        ("empty.eml", Vec::new()),
        ("ff.eml", vec![0xff; 1024 * 1024]),
        ("heavy.eml", heavy),
        ("long-header.eml", long),
        (
            "unterminated.eml",
            b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nhello".to_vec(),
        ),
        ("no-mail.eml", b"\x7fELF\x02\x01\x01\0\0\0\0\0".to_vec()),
    ]
}

#[test]
fn broken_mails_are_other_and_nothing_crashes() {
    let home = tempfile::tempdir().unwrap();
    let mails = broken();
    for (name, bytes) in &mails {
        let path = home.path().join(name);
        fs::write(&path, bytes).unwrap();
        let done = run(["explain", "--json", text(&path)]);
        assert_eq!(done.code, 0, "{name}: {}", done.stderr);
        let verdict = &done.lines()[0];
        assert_eq!(verdict["outcome"], "other", "{name}");
    }
    let replay = run(["replay", "--json", text(home.path())]);
    assert_eq!(replay.code, 0, "{}", replay.stderr);
    assert_eq!(replay.lines()[0]["mails"], mails.len());
}

#[test]
fn errors_are_one_line_that_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let missing = text(&home.path().join("missing")).to_owned();
    let policy = home.path().join("policy.toml");
    fs::write(&policy, "[person.hanako]\naddresses = [\"hanako\"]\n").unwrap();
    let ledger = home.path().join("ledger");
    fs::write(&ledger, "a shopping list").unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&["replay", &missing], "check the path"),
        (&["explain", &missing], "check the path"),
        (&["check-policy", &missing], "cannot read the policy"),
        (&["check-policy", text(&policy)], "write it as name@example.com"),
        (
            &["replay", "--policy", text(&policy), "events/mail/flood"],
            "write it as name@example.com",
        ),
        (&["replay", "--ledger", text(&ledger), "events/mail/flood"], "the ledger"),
    ];
    for (arguments, says) in cases {
        let done = done(hansho().args(arguments));
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(
            done.stderr.starts_with("error: ") && done.stderr.contains(says),
            "{}",
            done.stderr
        );
        assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_hansho"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["explain", "--json", "events/mail/month.mbox", "events/mail/flood.mbox"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
