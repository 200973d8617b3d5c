//! A replay that does not get to its end: Ctrl-C leaves a usable summary, a
//! kill leaves no broken file.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The month is fed at most so many times while the command is to stop reading.
const MONTHS_MAX: usize = 2_000;

/// A replay that has begun to read: it has taken more than a pipe holds.
fn reading(arguments: &[&str]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hansho"))
        .args(["replay", "--json"])
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let flood = mailbox("flood");
    assert!(flood.len() > 128 * 1024, "more than a pipe holds");
    child.stdin.as_mut().unwrap().write_all(&flood).unwrap();
    child
}

fn mailbox(name: &str) -> Vec<u8> {
    let path = format!("{}/events/mail/{name}.mbox", env!("CARGO_MANIFEST_DIR"));
    fs::read(path).unwrap()
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

#[test]
fn ctrl_c_leaves_a_summary_of_what_was_read() {
    let mut child = reading(&[]);
    signal(&child, "-INT");
    // It stops reading by itself, though there is always more.
    let month = mailbox("month");
    let mut stdin = child.stdin.take().unwrap();
    let fed = (0..MONTHS_MAX).take_while(|_| stdin.write_all(&month).is_ok()).count();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(fed < MONTHS_MAX, "it read on");
    assert!(told.contains("interrupted; what follows is of the"), "{told}");
    let lines: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = lines.last().unwrap();
    assert_eq!(summary["type"], "summary");
    let mails = summary["mails"].as_u64().unwrap();
    assert!(told.contains(&format!("{mails} mails")), "{told}");
    // Bursts were found, or half a mailbox is not taken for a quiet one.
    let expected = if summary["incidents"] == 0 { 2 } else { 1 };
    assert_eq!(output.status.code(), Some(expected));
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let mut child = reading(&[]);
    signal(&child, "-INT");
    // It waits for more on standard input, so that nothing but a signal ends it.
    while child.try_wait().unwrap().is_none() {
        signal(&child, "-INT");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_kill_leaves_the_report_that_stood_there_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let report = home.path().join("report.html");
    fs::write(&report, "before").unwrap();
    let mut child = reading(&["--report", report.to_str().unwrap()]);
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(fs::read_to_string(&report).unwrap(), "before");
    let left: Vec<_> =
        fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [Path::new(&report)]);
}
