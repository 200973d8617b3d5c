//! Senders, recipients, dates and what forwarders leave.

use crate::mail::{MAX_ADDRESSES, MAX_VALUE_BYTES, parse};

#[test]
fn senders() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("From: a@example.com", &[("", "a@example.com")]),
        ("From: <A@EXAMPLE.com>", &[("", "a@example.com")]),
        ("from : \"B, the one\" <a@example.com>", &[("B, the one", "a@example.com")]),
        ("From: a@example.com (B)", &[("B", "a@example.com")]),
        ("From: B\r\n <a@example.com>", &[("B", "a@example.com")]),
        (
            "From: A <a@example.com>, B <b@example.com>",
            &[("A", "a@example.com"), ("B", "b@example.com")],
        ),
        (
            "From: a@example.com\r\nFrom: b@example.com",
            &[("", "a@example.com"), ("", "b@example.com")],
        ),
        (
            "From: friends: A <a@example.com>, b@example.com;",
            &[("A", "a@example.com"), ("", "b@example.com")],
        ),
        ("From: undisclosed-recipients:;", &[]),
        ("From: ", &[]),
        ("From: nobody", &[("nobody", "")]),
        (
            "From: \"real@bank.example.com\" <a@evil.example.com>",
            &[("real@bank.example.com", "a@evil.example.com")],
        ),
        (
            "From: real@bank.example.com <a@evil.example.com>",
            &[("real@bank.example.com", "a@evil.example.com")],
        ),
        ("From: \"楽天\" <a@example.com>", &[("楽天", "a@example.com")]),
        (
            "From: =?utf-8?B?YUBiYW5rLmV4YW1wbGUuY29tPiw8?= <a@evil.example.com>",
            &[("a@bank.example.com>,<", "a@evil.example.com")],
        ),
        ("X: From: a@example.com", &[]),
    ];
    for (header, expected) in cases {
        let letter = parse(format!("{header}\r\n\r\nbody").as_bytes());
        let found: Vec<_> =
            letter.from.iter().map(|from| (from.name.as_str(), from.address.as_str())).collect();
        assert_eq!(found, *expected, "{header}");
    }
}

#[test]
fn recipients_of_to_and_cc_stand_together() {
    let letter = parse(b"To: A <A@example.com>, b@example.com\nCc: c@example.com\n\n");
    assert_eq!(letter.to, ["a@example.com", "b@example.com", "c@example.com"]);
    let many = format!(
        "To: {}\n\n",
        (0..80).map(|n| format!("p{n}@example.com")).collect::<Vec<_>>().join(", ")
    );
    let letter = parse(many.as_bytes());
    assert_eq!(letter.to.len(), MAX_ADDRESSES);
    assert!(letter.truncated);
}

#[test]
fn dates() {
    let cases: &[(&str, Option<i64>)] = &[
        ("Wed, 13 Aug 2025 17:16:06 +0000", Some(1_755_105_366_000)),
        ("Thu, 14 Aug 2025 02:16:06 +0900 (JST)", Some(1_755_105_366_000)),
        ("14 Aug 2025 02:16:06 +0900", Some(1_755_105_366_000)),
        ("Wed, 13 Aug 2025 17:16:06 GMT", Some(1_755_105_366_000)),
        ("Wed, 13 Aug 2025\r\n 17:16:06 +0000", Some(1_755_105_366_000)),
        ("yesterday", None),
        ("", None),
        ("99 Aug 2025 17:16:06 +0000", None),
    ];
    for (date, expected) in cases {
        assert_eq!(parse(format!("Date: {date}\r\n\r\n").as_bytes()).date_ms, *expected, "{date}");
        assert_eq!(parse(format!("Date: {date}").as_bytes()).date_ms, *expected, "{date}");
    }
}

#[test]
fn the_rest_of_the_headers() {
    let letter = parse(
        b"Message-ID:\r\n <abc@example.com>\r\nAuto-Submitted: Auto-Generated\r\nPrecedence: Bulk\r\n\
          List-Id: News <news.example.com>\r\nList-Unsubscribe: <https://example.com/u>\r\n\
          X-Google-Address-Confirmation: abc\r\nX-Gmail-Labels: =?UTF-8?Q?=E8=BF=B7=E6=83=91,Spam?=\r\n\
          Content-Type: multipart/report; boundary=b\r\n\r\n",
    );
    assert_eq!(letter.message_id.as_deref(), Some("abc@example.com"));
    let trace = letter.trace;
    assert_eq!(trace.auto_submitted.as_deref(), Some("auto-generated"));
    assert_eq!(trace.precedence.as_deref(), Some("bulk"));
    assert_eq!(trace.list_id.as_deref(), Some("News <news.example.com>"));
    assert_eq!(trace.gmail_labels.as_deref(), Some("迷惑,Spam"));
    assert!(trace.list_unsubscribe && trace.google_address_confirmation && trace.report);
    assert_eq!(parse(b"\r\nbody").trace, Default::default());
}

#[test]
fn a_header_of_a_megabyte_is_cut() {
    for name in [
        "Subject",
        "From",
        "To",
        "Message-ID",
        "List-Id",
        "X-Gmail-Labels",
        "Return-Path",
        "Content-Type",
    ] {
        for filler in ["x", "=?utf-8?q?", "あ", "(", "\"", "<a@b>,", " "] {
            let mail = format!("{name}: {}", filler.repeat(1_000_000 / filler.len()));
            let letter = parse(mail.as_bytes());
            assert!(letter.truncated, "{name}");
            assert!(letter.subject.len() <= MAX_VALUE_BYTES, "{name}");
        }
    }
}
