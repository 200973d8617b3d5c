//! Which part counts, and mails whose parts are broken.

use crate::mail::{Letter, MAX_PARTS, MAX_READ_BYTES, MAX_TEXT_BYTES, TextFrom, parse};

fn alternative(plain: &str, html: &str) -> String {
    format!(
        "Content-Type: multipart/alternative;\r\n boundary=\"b 1\"\r\n\r\npreamble\r\n--b 1\r\n\
         Content-Type: text/plain\r\n\r\n{plain}\r\n--b 1\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b 1--\r\nepilogue\r\n"
    )
}

#[test]
fn the_plain_part_counts_unless_it_is_a_stub() {
    let long = "Your code is 482913. ".repeat(30);
    let cases: &[(&str, &str, TextFrom)] = &[
        ("Your code is 482913", "<p>Your code is 482913</p>", TextFrom::Plain),
        ("", "<p>Your code is 482913</p>", TextFrom::Html),
        (" \r\n-- \r\n", "<p>Your code is 482913</p>", TextFrom::Html),
        (
            "Please use an HTML mail reader.",
            "<p>Your code is 482913. It is good for ten minutes, and only here. Do not pass it on.</p>",
            TextFrom::Html,
        ),
        (&long, &format!("<p>{}</p>", long.repeat(3)), TextFrom::Plain),
        ("words", "<img src=x>", TextFrom::Plain),
        ("", "<img src=x>", TextFrom::Nothing),
    ];
    for (plain, html, expected) in cases {
        let mail = alternative(plain, html);
        for mail in [mail.clone(), mail.replace("\r\n", "\n")] {
            let letter = parse(mail.as_bytes());
            assert_eq!(letter.text_from, *expected, "{plain} | {html}");
            assert!(!letter.text.contains("amble") && !letter.text.contains("epilogue"));
            assert!(!letter.text.contains("b 1"), "{}", letter.text);
        }
    }
}

#[test]
fn html_behind_a_long_plain_part_is_not_read() {
    let page = "<p style='display:none'>hidden</p><a href='https://example.com/html'>x</a>";
    for (plain, read) in [
        ("https://example.com/plain", true),
        (&*format!("https://example.com/plain {}", "words ".repeat(100)), false),
    ] {
        let letter = parse(alternative(plain, page).as_bytes());
        assert_eq!(letter.text_from, TextFrom::Plain);
        assert_eq!(letter.hidden_text, read);
        assert_eq!(letter.links.contains(&"https://example.com/html".to_owned()), read);
        assert!(letter.links.contains(&"https://example.com/plain".to_owned()));
    }
}

#[test]
fn nested_attached_and_reported() {
    let mail = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/related; boundary=ab\n\n\
        --ab\nContent-Type: multipart/alternative; boundary=abc\n\n--abc\n\nplain words\n--abc\nContent-Type: text/html\n\n<p>html</p>\n--abc--\n\
        --ab\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAAA\n--ab--\n--a\n\
        Content-Type: text/plain\nContent-Disposition: ATTACHMENT; filename=x\n\nattached text\n--a\n\
        Content-Type: message/rfc822\n\nSubject: inner\n\ninner text\n--a--\n";
    let letter = parse(mail.as_bytes());
    assert_eq!(letter.text, "plain words");
    assert!(letter.attached_mail && !letter.truncated);
    assert_eq!(letter.subject, "");
    let digest =
        "Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: inner\n\ninner\n--a--\n";
    assert!(parse(digest.as_bytes()).attached_mail);
    assert!(parse(b"Content-Type: message/rfc822\n\nSubject: inner\n\ninner").attached_mail);
}

/// A name, a mail, and what its text must hold.
#[test]
fn broken_parts_are_read_as_far_as_they_go() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "an unterminated multipart",
            "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/plain\n\ncode 482913",
            "code 482913",
        ),
        ("no boundary line", "Content-Type: multipart/mixed; boundary=a\n\ncode 482913", ""),
        ("no boundary", "Content-Type: multipart/mixed\n\ncode 482913", "code 482913"),
        (
            "an inner multipart without its end",
            "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\ncode 482913\n--a\nContent-Type: image/png\n\nx\n--a--",
            "code 482913",
        ),
        (
            "base64 cut off",
            "Content-Transfer-Encoding: base64\n\nY29kZSA0ODI5MTMgYW5",
            "code 482913",
        ),
        (
            "base64 with a footer",
            "Content-Transfer-Encoding: base64\n\nY29kZSA0ODI5MTM=\n-- \nlist footer\n",
            "code 482913",
        ),
        (
            "base64 that is none",
            "Content-Transfer-Encoding: base64\n\n# code: 482913!",
            "# code: 482913!",
        ),
        (
            "broken quoted-printable",
            "Content-Transfer-Encoding: quoted-printable\n\ncode =ZZ =3D482913=",
            "482913",
        ),
        ("an unknown encoding", "Content-Transfer-Encoding: x-uue\n\ncode 482913", "code 482913"),
        ("an unfinished header", "Content-Type: text/plain", ""),
        (
            "an mbox line",
            "From a@example.com Sat Jan  3 01:05:34 1996\nSubject: x\n\ncode 482913",
            "code 482913",
        ),
        ("nul bytes", "Subject: x\n\n\x00code\x00482913\x00", "code 482913"),
        ("a type without a subtype", "Content-Type: text\n\ncode 482913", ""),
        ("an upper-case type", "CONTENT-TYPE: TEXT/HTML\n\n<p>code 482913", "code 482913"),
    ];
    for (name, mail, expected) in cases {
        let letter = parse(mail.as_bytes());
        assert!(letter.text.contains(expected), "{name}: {:?}", letter.text);
        assert!(!expected.is_empty() || letter.text.is_empty(), "{name}: {:?}", letter.text);
    }
}

#[test]
fn only_the_first_bytes_are_looked_at() {
    let head = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html; charset=utf-8\n\n<p>code 482913</p>\n--a\n\
        Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n";
    let mail = [head.as_bytes(), &b"QUFBQUFB\n".repeat(40 * 1024 * 1024 / 9)].concat();
    let letter = parse(&mail);
    assert_eq!(letter.text, "code 482913");
    assert!(letter.truncated);
    let cut = parse(&mail[..MAX_READ_BYTES]);
    assert_eq!(Letter { truncated: true, ..cut }, letter);

    let long =
        format!("Content-Type: text/plain; charset=utf-8\n\n{}", "認".repeat(MAX_READ_BYTES));
    let letter = parse(long.as_bytes());
    assert_eq!(letter.text.len(), MAX_TEXT_BYTES / 3 * 3);
    assert!(letter.truncated);
}

#[test]
fn hostile_shapes_cost_little() {
    let nested: String = (0..10_000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
        .collect();
    let letters: String = "Content-Type: message/rfc822\n\n".repeat(10_000);
    let parts =
        format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(30_000));
    let missing = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}",
        "--b\nContent-Type: multipart/mixed; boundary=c\n\n".repeat(5_000)
    );
    let dashes =
        format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "\n--b-".repeat(50_000));
    for (name, mail) in [
        ("nested", nested),
        ("letters", letters),
        ("parts", parts),
        ("missing", missing),
        ("dashes", dashes),
    ] {
        let letter = parse(mail.as_bytes());
        assert!(letter.text.len() <= 2 * MAX_PARTS, "{name}");
    }
    for bytes in [
        Vec::new(),
        vec![0xff; 1 << 20],
        vec![0; 1 << 20],
        b"\n".to_vec(),
        b":".repeat(1 << 20),
        b"a:\n".repeat(1 << 19),
    ] {
        let letter = parse(&bytes);
        assert!(letter.from.is_empty() && letter.ses.is_none() && letter.links.is_empty());
    }
}
