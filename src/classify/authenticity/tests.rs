//! Every forgery, written out.

use super::*;
use crate::classify::{Authenticity, Outcome, Reader, Verdict, classify};
use crate::mail::{AuthResult, AuthStatus, Mailbox, SesBlock, parse};

const CODE: &str = "Verification code: 604193";

fn result(result: AuthStatus, domain: &str) -> AuthResult {
    AuthResult { result, domain: domain.to_owned() }
}

fn letter(from: &str, dkim: &[AuthResult], dmarc: &[AuthResult]) -> Letter {
    let (name, address) = from.rsplit_once('<').unwrap_or(("", from));
    Letter {
        from: vec![Mailbox {
            name: name.trim().to_owned(),
            address: address.trim_end_matches('>').to_owned(),
        }],
        to: vec!["reader@example.net".to_owned()],
        subject: "Verification code".to_owned(),
        text: CODE.to_owned(),
        ses: Some(SesBlock { dkim: dkim.to_vec(), dmarc: dmarc.to_vec(), ..SesBlock::default() }),
        ..Letter::default()
    }
}

fn judged(letter: &Letter, reader: &Reader<'_>) -> Verdict {
    let verdict = classify(letter, reader);
    assert_eq!(verdict.outcome, Outcome::Code, "{:?}", verdict.signals);
    assert!(
        verdict.signals.iter().any(|signal| signal.name.starts_with("auth.") && signal.weight == 0)
    );
    verdict
}

#[test]
fn the_results_of_ses_decide() {
    use AuthStatus::{Fail, Neutral, None, Pass, PermError, TempError};
    let own = "shop.example.com";
    for (dkim, dmarc, expected) in [
        (vec![], vec![result(Pass, own)], Authenticity::Verified),
        (vec![], vec![result(Pass, "example.com")], Authenticity::Verified),
        (vec![], vec![result(Pass, "example.org")], Authenticity::Unverified),
        (vec![], vec![result(Pass, "")], Authenticity::Unverified),
        (vec![result(Pass, own)], vec![], Authenticity::Verified),
        (
            vec![result(Pass, "amazonses.com"), result(Pass, "example.com")],
            vec![],
            Authenticity::Verified,
        ),
        (vec![result(Pass, "amazonses.com")], vec![], Authenticity::Unknown),
        (
            vec![result(Fail, own), result(Pass, "attacker.example.net")],
            vec![result(None, own)],
            Authenticity::Unknown,
        ),
        (vec![], vec![result(Fail, own)], Authenticity::Failed),
        (vec![], vec![result(TempError, own)], Authenticity::Unknown),
        (vec![], vec![result(None, own)], Authenticity::Unknown),
        (vec![], vec![result(PermError, own)], Authenticity::Unknown),
        (vec![], vec![result(Neutral, own)], Authenticity::Unknown),
        (vec![result(Pass, own)], vec![result(TempError, own)], Authenticity::Verified),
        (vec![], vec![result(Pass, own), result(Fail, own)], Authenticity::Unverified),
        (
            vec![result(Pass, own)],
            vec![result(Pass, own), result(Pass, own)],
            Authenticity::Unverified,
        ),
        (vec![], vec![], Authenticity::Unknown),
    ] {
        let verdict = judged(&letter("a@shop.example.com", &dkim, &dmarc), &Reader::default());
        assert_eq!(verdict.authenticity, expected, "{dkim:?} {dmarc:?}");
    }
}

#[test]
fn two_mailboxes_in_the_from_are_never_verified() {
    let mut letter =
        letter("a@shop.example.com", &[], &[result(AuthStatus::Pass, "shop.example.com")]);
    letter.from.push(Mailbox { name: String::new(), address: "b@github.com".to_owned() });
    assert_eq!(judged(&letter, &Reader::default()).authenticity, Authenticity::Unverified);
}

#[test]
fn a_brand_over_a_foreign_address_is_not_verified() {
    for from in [
        "楽天証券 <a@evil.example.com>",
        "GitHub <a@evil.example.com>",
        "GitHub Security <a@evil.example.com>",
    ] {
        let verdict = judged(
            &letter(from, &[], &[result(AuthStatus::Pass, "evil.example.com")]),
            &Reader::default(),
        );
        assert_eq!(verdict.authenticity, Authenticity::Unverified, "{from}");
        assert!(verdict.service.is_some(), "{from}");
    }
    let mut letter =
        letter("a@evil.example.com", &[], &[result(AuthStatus::Pass, "evil.example.com")]);
    letter.subject = "楽天証券よりログイン追加認証コードを送付いたします".to_owned();
    let verdict = judged(&letter, &Reader::default());
    assert_eq!(
        (verdict.service, verdict.authenticity),
        (Some("rakuten-sec"), Authenticity::Unverified)
    );
}

#[test]
fn a_look_alike_domain_is_not_verified() {
    for domain in [
        "rakuten-sec.co.jp.example.com",
        "rakuten-sec-login.com",
        "rakutensec.example",
        "g1thub.com",
        "github-security.com",
        "login.github.com.example.net",
    ] {
        let from = format!("a@{domain}");
        let verdict =
            judged(&letter(&from, &[], &[result(AuthStatus::Pass, domain)]), &Reader::default());
        let names: Vec<_> = verdict.signals.iter().map(|signal| signal.name).collect();
        assert_eq!(verdict.authenticity, Authenticity::Unverified, "{domain} {names:?}");
        assert_ne!(verdict.service, Some("github"), "{domain}");
    }
    let own = judged(
        &letter("a@github.com", &[], &[result(AuthStatus::Pass, "github.com")]),
        &Reader::default(),
    );
    assert_eq!((own.service, own.authenticity), (Some("github"), Authenticity::Verified));
}

#[test]
fn it_must_be_addressed_to_the_reader() {
    let letter = letter("a@shop.example.com", &[], &[result(AuthStatus::Pass, "shop.example.com")]);
    for (mailbox, expected) in [
        ("reader@example.net", Authenticity::Verified),
        ("other@example.net", Authenticity::Unverified),
    ] {
        let mailboxes = [mailbox.to_owned()];
        let reader = Reader { mailboxes: &mailboxes, trusted_servers: &[] };
        assert_eq!(judged(&letter, &reader).authenticity, expected, "{mailbox}");
    }
    // Whoever forwards can write these.
    let mut forged = letter.clone();
    forged.trace.forwarded_for = vec!["other@example.net".to_owned()];
    forged.trace.delivered_to = vec!["other@example.net".to_owned()];
    let mailboxes = ["other@example.net".to_owned()];
    let reader = Reader { mailboxes: &mailboxes, trusted_servers: &[] };
    assert_eq!(judged(&forged, &reader).authenticity, Authenticity::Unverified);
}

#[test]
fn tags_and_the_dots_of_gmail_are_the_same_mailbox() {
    let mut letter =
        letter("a@shop.example.com", &[], &[result(AuthStatus::Pass, "shop.example.com")]);
    letter.to = vec!["a.reader+shop@gmail.com".to_owned()];
    let mailboxes = ["areader@gmail.com".to_owned()];
    let reader = Reader { mailboxes: &mailboxes, trusted_servers: &[] };
    assert_eq!(judged(&letter, &reader).authenticity, Authenticity::Verified);
}

#[test]
fn a_rewritten_from_names_the_service_but_proves_nothing() {
    let mut letter = letter("reader@example.net", &[], &[result(AuthStatus::Pass, "example.net")]);
    letter.subject = "楽天証券よりログイン追加認証コードを送付いたします".to_owned();
    let mailboxes = ["reader@example.net".to_owned()];
    let reader = Reader { mailboxes: &mailboxes, trusted_servers: &[] };
    let verdict = judged(&letter, &reader);
    assert_eq!(
        (verdict.service, verdict.authenticity),
        (Some("rakuten-sec"), Authenticity::Unverified)
    );
    letter.subject = "認証コード".to_owned();
    letter.links = vec!["https://login.shop.example.com/a".to_owned()];
    assert_eq!(judged(&letter, &reader).service_key, "domain:example.com");
}

#[test]
fn without_a_block_only_trusted_servers_are_believed() {
    let mut letter = letter("a@shop.example.com", &[], &[]);
    letter.ses = None;
    letter.trace.authentication_results = vec![
        "mx.home.example; dmarc=fail header.from=shop.example.com".to_owned(),
        "mx.home.example; dmarc=pass header.from=shop.example.com".to_owned(),
        "amazonses.com; dmarc=pass header.from=shop.example.com".to_owned(),
    ];
    assert_eq!(judged(&letter, &Reader::default()).authenticity, Authenticity::Unknown);
    let trusted = ["mx.home.example".to_owned()];
    let reader = Reader { mailboxes: &[], trusted_servers: &trusted };
    assert_eq!(
        judged(&letter, &reader).authenticity,
        Authenticity::Failed,
        "the topmost one counts"
    );
    letter.trace.authentication_results.remove(0);
    assert_eq!(judged(&letter, &reader).authenticity, Authenticity::Verified);
}

#[test]
fn the_spam_label_of_gmail_makes_it_unverified() {
    for label in ["Spam", "Opened,Spam", "迷惑メール"] {
        let mut letter = letter("a@shop.example.com", &[], &[]);
        letter.ses = None;
        letter.trace.gmail_labels = Some(label.to_owned());
        assert_eq!(
            judged(&letter, &Reader::default()).authenticity,
            Authenticity::Unverified,
            "{label}"
        );
    }
}

/// SES's block with the results that are given, then what the sender wrote.
fn raw(results: &str, below: &str) -> Vec<u8> {
    format!(
        "Return-Path: <b@evil.example.net>\r\n\
         Received: from mx.evil.example.net (mx.evil.example.net [192.0.2.9])\r\n \
         by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 795hue2ttd6ie60k15ji41vbso3q721dlq9g6f81\r\n \
         for guard@mail.example.com;\r\n Wed, 13 Aug 2025 17:16:06 +0000 (UTC)\r\n\
         X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n\
         Authentication-Results: amazonses.com;\r\n{results}\
         X-SES-RECEIPT: AEFB\r\nX-SES-DKIM-SIGNATURE: a=rsa-sha256; d=amazonses.com;\r\n{below}\
         From: GitHub <noreply@github.com>\r\nTo: reader@example.net\r\n\
         Subject: [GitHub] Please verify your device\r\n\r\n{CODE}\r\n"
    )
    .into_bytes()
}

#[test]
fn nothing_that_a_sender_writes_makes_it_verified() {
    let fail = " spf=pass client-ip=192.0.2.9;\r\n dkim=fail header.i=@github.com;\r\n dmarc=fail header.from=github.com;\r\n";
    let forged = "Authentication-Results: amazonses.com; dmarc=pass header.from=github.com\r\nX-SES-RECEIPT: AEFC\r\n";
    let inject = " spf=pass client-ip=192.0.2.9; envelope-from=\"x; dmarc=pass header.from=github.com; y\"@evil.example.net; helo=x;\r\n dkim=pass header.i=@evil.example.net;\r\n dmarc=fail header.from=github.com;\r\n";
    let foreign =
        " dkim=pass header.i=@evil.example.net;\r\n dmarc=pass header.from=evil.example.net;\r\n";
    for (results, below) in
        [(fail, ""), (fail, forged), (inject, ""), (inject, forged), (foreign, forged)]
    {
        let verdict = judged(&parse(&raw(results, below)), &Reader::default());
        assert_ne!(verdict.authenticity, Authenticity::Verified, "{results}{below}");
    }
    let pass = " spf=pass client-ip=192.0.2.9;\r\n dkim=pass header.i=@github.com;\r\n dmarc=pass header.from=github.com;\r\n";
    let verdict = judged(&parse(&raw(pass, forged)), &Reader::default());
    assert_eq!((verdict.service, verdict.authenticity), (Some("github"), Authenticity::Verified));
}
