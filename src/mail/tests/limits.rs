//! No bytes make the room panic or go past a limit.

use proptest::prelude::*;

use crate::mail::{
    Letter, MAX_ADDRESSES, MAX_LINKS, MAX_TEXT_BYTES, MAX_VALUE_BYTES, authentication_results,
    parse,
};

fn holds(letter: &Letter) {
    assert!(letter.from.len() <= MAX_ADDRESSES && letter.to.len() <= MAX_ADDRESSES);
    assert!(letter.text.len() <= MAX_TEXT_BYTES);
    assert!(letter.links.len() <= MAX_LINKS);
    assert!(letter.links.iter().all(|link| link.len() <= MAX_VALUE_BYTES));
    let mut values = vec![&letter.subject];
    for mailbox in &letter.from {
        values.extend([&mailbox.name, &mailbox.address]);
    }
    values.extend(&letter.to);
    values.extend(&letter.message_id);
    let trace = &letter.trace;
    for list in [
        &trace.forwarded_to,
        &trace.forwarded_for,
        &trace.delivered_to,
        &trace.return_path,
        &trace.authentication_results,
    ] {
        assert!(list.len() <= MAX_ADDRESSES);
        values.extend(list);
    }
    for value in [&trace.auto_submitted, &trace.precedence, &trace.list_id, &trace.gmail_labels] {
        values.extend(value);
    }
    for value in values {
        assert!(value.len() <= 3 * MAX_VALUE_BYTES, "{} bytes", value.len());
        assert!(!value.contains(char::is_control), "{value:?}");
    }
    for value in &letter.trace.authentication_results {
        let _ = authentication_results(value);
    }
}

const REAL: &[&str] = &[
    "Return-Path: <bounce@example.net>\nReceived: from mail.example.net (mail.example.net [192.0.2.51])\n by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 795hue2ttd6ie60k15ji41vbso3q721dlq9g6f81\n for guard@mail.example.com;\n Wed, 13 Aug 2025 17:16:06 +0000 (UTC)\nAuthentication-Results: amazonses.com;\n spf=pass (x) client-ip=192.0.2.51; envelope-from=a@example.net;\n dkim=pass header.i=@example.net;\n dmarc=pass header.from=example.net;\nX-SES-RECEIPT: AAAA\nX-Forwarded-For: a@example.net b@example.com\nDelivered-To: a@example.net\nFrom: =?ISO-2022-JP?B?GyRCM1pFNxsoQg==?= <a@example.net>\nTo: a@example.net, \"b, c\" <b@example.net>\nSubject: =?utf-8?Q?=E8=AA=8D?=\n =?utf-8?Q?=E8=A8=BC?= code\nDate: Thu, 14 Aug 2025 02:16:06 +0900 (JST)\nMessage-ID: <1@example.net>\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=\"=_b\"\n\n--=_b\nContent-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: 7bit\n\n\x1b$BG'>Z\x1b(B 482913\nhttps://example.com/x\n--=_b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<div style=3D\"display:none\">=E8=AA=8D</div><table><tr><td>4</td><td>8</td></tr></table><a href=3D'https://example.com/?a=3D1&amp;b'>x</a>\n--=_b--\n",
    "From: a@example.com\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/plain; charset=shift_jis\nContent-Transfer-Encoding: base64\n\nlEaP2INSgVuDaA==\n--a\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKeQ==\n--a\nContent-Type: multipart/digest; boundary*0=b;\n boundary*1=c\n\n--bc\n\nSubject: z\n\n--bc--\n--a--\n",
];

/// One change to a mail.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Drop(usize, usize),
    Repeat(usize, usize, usize),
    Move(usize, usize, usize),
    Cut(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let syntax = prop::sample::select(&b"\r\n\t :;,<>()\"'=?-/&#\\\x00\x1b\xff\xe3\x81@.B"[..]);
    prop_oneof![
        4 => (any::<usize>(), syntax).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => (any::<usize>(), 1..40_usize).prop_map(|(at, length)| Change::Drop(at, length)),
        1 => (any::<usize>(), 1..60_usize, 1..50_usize).prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        1 => (any::<usize>(), any::<usize>(), 1..200_usize).prop_map(|(from, to, length)| Change::Move(from, to, length)),
        1 => any::<usize>().prop_map(Change::Cut),
    ]
}

fn apply(mail: &mut Vec<u8>, change: &Change) {
    if mail.is_empty() {
        return;
    }
    let size = mail.len();
    let span = |at: usize, length: usize| at % size..(at % size + length).min(size);
    match *change {
        Change::Set(at, byte) => mail[at % size] = byte,
        Change::Drop(at, length) => drop(mail.drain(span(at, length))),
        Change::Repeat(at, length, times) => {
            let piece = mail[span(at, length)].repeat(times);
            mail.splice(at % size..at % size, piece);
        }
        Change::Move(from, to, length) => {
            let piece = mail[span(from, length)].to_vec();
            mail.splice(to % size..to % size, piece);
        }
        Change::Cut(at) => mail.truncate(at % size),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        holds(&parse(&bytes));
    }

    #[test]
    fn mutated_mails(
        mail in prop::sample::select(REAL),
        crlf: bool,
        changes in prop::collection::vec(change(), 1..40),
    ) {
        let mail = if crlf { mail.replace('\n', "\r\n") } else { mail.to_owned() };
        let mut bytes = mail.into_bytes();
        for change in &changes {
            apply(&mut bytes, change);
        }
        holds(&parse(&bytes));
    }

    #[test]
    fn any_html(page in "[<>/&;#!'\"= \\-a-d0-9あ\u{200b}\n]{0,400}") {
        holds(&parse(format!("Content-Type: text/html; charset=utf-8\n\n{page}").as_bytes()));
    }

    #[test]
    fn any_results(value in "[ a-d;=()\"\\\\.@あ]{0,300}|mx; (dmarc|dkim)=pass [a-z.=@;()\" ]{0,80}") {
        let _ = authentication_results(&value);
    }
}

/// The mutations start from mails that say something.
#[test]
fn the_unchanged_mails_are_read() {
    let letter = parse(REAL[0].as_bytes());
    assert!(letter.ses.is_some() && letter.hidden_text);
    assert_eq!(letter.subject, "認証 code");
    assert_eq!(letter.from[0].name, "楽天");
    assert_eq!(letter.text, "認証 482913\nhttps://example.com/x");
    assert_eq!(letter.links, ["https://example.com/?a=1&b", "https://example.com/x"]);
    let letter = parse(REAL[1].as_bytes());
    assert_eq!(letter.text, "認証コード");
    assert!(letter.attached_mail);
}
