//! Every container gives the same mails, in a fixed order.

use std::io::Write;
use std::path::Path;

use super::{Item, Mails, SourceKind, Unreadable, open};
use crate::mail::MAX_READ_BYTES;

const FROM: &str = "From a@example.com Sat Jan  3 01:05:34 2026";

/// A mail with its bytes.
struct Found {
    item: Item,
    raw: Vec<u8>,
}

impl std::ops::Deref for Found {
    type Target = Item;

    fn deref(&self) -> &Item {
        &self.item
    }
}

/// All mails, one behind the other in one buffer, and what could not be read.
fn everything(mails: &mut Mails) -> Vec<Result<Found, Unreadable>> {
    let mut buffer = Vec::new();
    let items: Vec<_> = std::iter::from_fn(|| mails.read_next(&mut buffer)).collect();
    let found = |item: Item| Found { raw: buffer[item.bytes.clone()].to_vec(), item };
    items.into_iter().map(|item| item.map(found)).collect()
}

fn items(path: &Path) -> (Mails, Vec<Found>) {
    let mut mails = open(path).unwrap();
    let items = everything(&mut mails).into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    (mails, items)
}

fn raws(items: &[Found]) -> Vec<&str> {
    items.iter().map(|item| std::str::from_utf8(&item.raw).unwrap()).collect()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An mbox, and the mails in it.
const MBOXES: &[(&str, &str, &[&str])] = &[
    (
        "two",
        "F\nSubject: 1\n\none\n\nF\nSubject: 2\n\ntwo\n\n",
        &["Subject: 1\n\none\n", "Subject: 2\n\ntwo\n\n"],
    ),
    (
        "no line feed at the end",
        "F\nSubject: 1\n\none\n\nF\nSubject: 2\n\ntwo",
        &["Subject: 1\n\none\n", "Subject: 2\n\ntwo"],
    ),
    (
        "crlf",
        "F\r\nSubject: 1\r\n\r\none\r\n\r\nF\r\nSubject: 2\r\n\r\n",
        &["Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n\r\n"],
    ),
    ("mixed", "F\nSubject: 1\r\n\r\none\n\r\nF\nx: y\n", &["Subject: 1\r\n\r\none\n", "x: y\n"]),
    ("no empty line between", "F\na: b\n\none\nF\nc: d\n\n", &["a: b\n\none", "c: d\n\n"]),
    (
        "quoted",
        "F\na: b\n\n>From x\n>>From y\n> From z\n>Frim\n>\n",
        &["a: b\n\nFrom x\n>From y\n> From z\n>Frim\n>\n"],
    ),
    (
        "unquoted in a body",
        "F\na: b\n\nFrom here on it is easy\n\nFrom me\nFrom: x\n",
        &["a: b\n\nFrom here on it is easy\n\nFrom me\nFrom: x\n"],
    ),
    (
        "as Takeout writes it",
        "From 17@xxx Sat Jan 03 01:05:34 +0000 2026\na: b\n\none\n\nFrom 18@xxx Sat Jan 03 01:05:35 +0000 2026\nc: d\n",
        &["a: b\n\none\n", "c: d\n"],
    ),
    (
        "a sender only",
        "From MAILER-DAEMON\na: b\n\none\n\nFrom a@example.com\nc: d\n",
        &["a: b\n\none\n", "c: d\n"],
    ),
    ("empty mails", "F\nF\n\nF\n", &["", "", ""]),
    ("a separator and no more", "F", &[""]),
];

#[test]
fn an_mbox_is_split_at_its_separators() {
    let folder = tempfile::tempdir().unwrap();
    for (name, mbox, expected) in MBOXES {
        // `F` at the beginning of a line stands for the separator.
        let mbox = format!("\n{mbox}").replace("\nF\n", &format!("\n{FROM}\n"));
        let mbox =
            mbox.replace("\nF\n", &format!("\n{FROM}\n")).replace("\nF\r", &format!("\n{FROM}\r"));
        let mbox = mbox.strip_prefix('\n').unwrap();
        let mbox = if mbox == "F" { FROM } else { mbox };
        for bytes in [mbox.as_bytes().to_vec(), gzipped(mbox.as_bytes())] {
            let path = folder.path().join("mails");
            std::fs::write(&path, &bytes).unwrap();
            let (mails, items) = items(&path);
            assert_eq!(raws(&items), *expected, "{name}");
            let indexes: Vec<_> = items.iter().map(|item| item.index).collect();
            assert_eq!(indexes, (0..expected.len()).collect::<Vec<_>>(), "{name}");
            assert_eq!(mails.source().kind, SourceKind::File);
            assert_eq!(mails.source().total_bytes, Some(bytes.len() as u64));
            assert_eq!(items.last().unwrap().consumed_bytes, bytes.len() as u64, "{name}");
        }
    }
}

/// Separators fall on every place of the window, its ends included.
#[test]
fn mails_of_all_lengths_come_out_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.mbox");
    let bodies: Vec<String> = (0..1500_usize)
        .map(|n| format!("n: {n}\n\n{}\n", "x".repeat(n * 7 % 5000)))
        .chain([
            format!("n: long\n\n{}\n", "line of a body\n".repeat(200_000)),
            "n: last\n\n".to_owned(),
        ])
        .collect();
    let mbox: String = bodies.iter().map(|body| format!("{FROM}\n{body}\n")).collect();
    std::fs::write(&path, &mbox).unwrap();
    let (_, items) = items(&path);
    assert_eq!(items.len(), bodies.len());
    for (item, body) in items.iter().zip(&bodies) {
        assert!(item.raw.len() <= MAX_READ_BYTES);
        assert_eq!(item.longer, body.len() > MAX_READ_BYTES);
        assert!(item.longer || item.raw.trim_ascii_end() == body.trim_end().as_bytes());
        assert!(body.as_bytes().starts_with(&item.raw) || !item.longer);
    }
}

#[test]
fn a_mail_is_longer_only_if_something_was_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mbox");
    for (extra, longer) in [(-1, false), (0, false), (1, true), (2000, true)] {
        let body = "x".repeat(MAX_READ_BYTES.saturating_add_signed(extra));
        std::fs::write(&path, format!("{FROM}\n{body}\n\n{FROM}\nb: c\n")).unwrap();
        let (_, found) = items(&path);
        // The line feed before the separator belongs to the mail.
        assert_eq!(found[0].longer, longer || extra == 0, "{extra}");
        assert_eq!(found[1].raw, b"b: c\n");
        std::fs::write(&path, &body).unwrap();
        let (_, found) = items(&path);
        assert_eq!((found[0].longer, found[0].raw.len()), (longer, body.len().min(MAX_READ_BYTES)));
    }
}

#[test]
fn a_folder_is_read_in_the_order_of_its_paths() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("b.eml", b"n: b\n\n");
    write("a/z.EML", b"n: a/z\n\n");
    write("a/y.eml.gz", &gzipped(b"n: a/y\n\n"));
    write("c.mbox", format!("{FROM}\nn: c0\n\n\n{FROM}\nn: c1\n\n").as_bytes());
    write("empty.mbox", b"");
    write("d.eml", b"");
    write("notes.txt", b"no mail");
    let (mails, items) = items(folder.path());
    assert_eq!(
        raws(&items),
        ["n: a/y\n\n", "n: a/z\n\n", "n: b\n\n", "n: c0\n\n", "n: c1\n\n", ""]
    );
    assert_eq!(mails.source().kind, SourceKind::Folder);
    let consumed: Vec<_> = items.iter().map(|item| item.consumed_bytes).collect();
    assert!(consumed.is_sorted());
    assert_eq!(consumed.last().copied(), mails.source().total_bytes);
}

#[test]
fn a_maildir_has_cur_new_and_subfolders_but_not_tmp() {
    let folder = tempfile::tempdir().unwrap();
    for (name, body) in [
        ("cur/2:2,S", "n: cur\n\n"),
        ("new/1", "From a@example.com Sat Jan  3 01:05:34 2026\nn: new\n\n"),
        ("tmp/0", "n: tmp\n\n"),
        (".Codes/cur/9:2,", "n: sub\n\n"),
        (".Codes.Old/new/8", "n: subsub\n\n"),
        ("dovecot-uidlist", "3 V1 N1"),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, body).unwrap();
    }
    let (mails, items) = items(folder.path());
    assert_eq!(mails.source().kind, SourceKind::Maildir);
    assert_eq!(
        raws(&items),
        [
            "n: sub\n\n",
            "n: subsub\n\n",
            "n: cur\n\n",
            "From a@example.com Sat Jan  3 01:05:34 2026\nn: new\n\n"
        ]
    );
}

#[test]
fn what_cannot_be_read_is_reported_and_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let missing = open(&folder.path().join("missing")).unwrap_err();
    assert!(
        missing.to_string().contains("missing: ")
            && missing.to_string().ends_with("check the path")
    );

    let mbox = format!("{FROM}\nn: 0\n\n{FROM}\n{}", "n: 1\n".repeat(400_000));
    let damaged = gzipped(mbox.as_bytes());
    std::fs::write(folder.path().join("a.mbox.gz"), &damaged[..damaged.len() - 20]).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("b.eml")).unwrap();
    std::fs::write(folder.path().join("c.eml"), b"n: c\n\n").unwrap();
    let results = everything(&mut open(folder.path()).unwrap());
    let shown: Vec<_> = results
        .iter()
        .map(|result| match result {
            Ok(item) => item.path.file_name().unwrap().to_string_lossy().into_owned(),
            Err(error) => {
                format!("{} {}", error.path.file_name().unwrap().to_string_lossy(), error.index)
            }
        })
        .collect();
    assert_eq!(shown, ["a.mbox.gz", "a.mbox.gz 1", "b.eml 0", "c.eml"]);
}
