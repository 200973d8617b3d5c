//! The same mails ring the same alerts, whatever they are kept in.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

use super::{Done, done, hansho, run, text};

/// What a replay printed, but for how long it took.
fn told(done: &Done) -> Vec<Value> {
    let mut lines = done.lines();
    let summary = lines.last_mut().and_then(Value::as_object_mut).expect("a summary");
    assert!(summary.remove("elapsed_ms").is_some_and(|elapsed| elapsed.is_u64()));
    lines
}

fn flood() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events/mail/flood");
    let mut mails: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap())
        })
        .collect();
    mails.sort();
    assert_eq!(mails.len(), 55);
    mails
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// As Google Takeout writes it: newest first, labels on top, line ends mixed,
/// quoted and unquoted `From ` in bodies, no line feed at the end.
fn takeout(mails: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut mbox = Vec::new();
    for (place, (_, mail)) in mails.iter().rev().enumerate() {
        writeln!(mbox, "From {place}@xxx Sun Mar 30 03:00:{:02} +0000 2025", place % 60).unwrap();
        mbox.extend_from_slice(b"X-GM-THRID: 1\r\nX-Gmail-Labels: Inbox,Unread\r\n");
        let plain = String::from_utf8_lossy(mail).replace("\r\n", "\n");
        let mail = if place % 2 == 0 { plain.replace('\n', "\r\n") } else { plain };
        mbox.extend_from_slice(mail.trim_end().as_bytes());
        mbox.extend_from_slice(b"\n\n>From the desk of nobody\nFrom here on it is easy\n\n");
    }
    mbox.truncate(mbox.trim_ascii_end().len());
    mbox
}

#[test]
fn the_flood_rings_the_same_from_every_container() {
    let files = run(["replay", "--json", "events/mail/flood"]);
    assert_eq!(files.code, 1, "{}", files.stderr);
    let expected = told(&files);
    let phases: Vec<&str> =
        expected.iter().filter_map(|line| line.get("phase")?.as_str()).collect();
    assert_eq!(phases, ["opened", "escalated", "closed"]);
    assert_eq!(expected[2]["count"], 55);

    let mails = flood();
    let home = tempfile::tempdir().unwrap();
    let maildir = home.path().join("Maildir");
    let plus_plus = home.path().join("Plus");
    let packed = home.path().join("packed");
    for (place, (name, mail)) in mails.iter().enumerate() {
        let folder = if place % 3 == 0 { "new" } else { "cur" };
        write(&maildir.join(folder).join(format!("{place}.{name}:2,S")), mail);
        let folder = ["cur", ".Codes/new", ".Codes.Old/cur"][place % 3];
        write(&plus_plus.join(folder).join(format!("{place}.{name}")), mail);
        write(&packed.join(format!("{place}/{name}.gz")), &gzipped(mail));
    }
    write(&maildir.join("tmp/half-written"), &mails[0].1[..100]);
    let mbox = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("events/mail/flood.mbox"));
    let mbox = mbox.unwrap();
    let mbox_gz = home.path().join("flood.mbox.gz");
    write(&mbox_gz, &gzipped(&mbox));

    for path in
        ["events/mail/flood.mbox", text(&maildir), text(&plus_plus), text(&packed), text(&mbox_gz)]
    {
        let again = run(["replay", "--json", path]);
        assert_eq!(told(&again), expected, "{path}");
        assert_eq!((again.code, again.stderr.as_str()), (1, ""), "{path}");
    }
    let stdin = done(hansho().args(["replay", "--json", "-"]).write_stdin(mbox));
    assert_eq!(told(&stdin), expected);

    let takeout_path = home.path().join("All mail Including Spam and Trash.mbox");
    write(&takeout_path, &takeout(&mails));
    let takeout = run(["replay", "--json", text(&takeout_path)]);
    assert_eq!(told(&takeout).last(), expected.last());
    assert_eq!(takeout.code, 1);
}

#[test]
fn an_ordinary_month_is_quiet() {
    let month = run(["replay", "--json", "events/mail/month.mbox"]);
    assert_eq!((month.code, month.stderr.as_str()), (0, ""));
    let summary = &told(&month)[0];
    assert_eq!(summary["alerts"], 0);
    assert_eq!(summary["incidents"], 0);
    assert_eq!(summary["mails"], 120);
}

#[test]
fn thousands_of_files_are_read_and_the_unreadable_are_counted() {
    let home = tempfile::tempdir().unwrap();
    for place in 0..3000 {
        let mail = format!("From: a@example.com\r\nSubject: note {place}\r\n\r\nhello\r\n");
        write(&home.path().join(format!("{}/{place}.eml", place % 40)), mail.as_bytes());
    }
    std::os::unix::fs::symlink("nowhere", home.path().join("gone.eml")).unwrap();
    let done = run(["replay", "--json", text(home.path())]);
    let summary = &done.lines()[0];
    assert_eq!(done.code, 0);
    assert_eq!((&summary["mails"], &summary["unreadable"]), (&3000.into(), &1.into()));
    assert!(done.stderr.contains("gone.eml"), "{}", done.stderr);
}
