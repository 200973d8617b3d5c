//! SES's own block, and every way to forge one that we know of.

use crate::mail::{AuthResult, AuthStatus, SesBlock, parse};

const BLOCK: &str = "Return-Path: <Bounce+caf_=guard=mail.example.com@example.net>
Received: from mail-a1.example.net (mail-a1.example.net [192.0.2.51])
 by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 795hue2ttd6ie60k15ji41vbso3q721dlq9g6f81
 for Guard@mail.example.com;
 Wed, 13 Aug 2025 17:16:06 +0000 (UTC)
X-SES-Spam-Verdict: PASS
X-SES-Virus-Verdict: PASS
Received-SPF: pass (spfCheck: domain of example.net designates 192.0.2.51 as permitted sender) client-ip=192.0.2.51; envelope-from=a@example.net; helo=mail-a1.example.net;
Authentication-Results: amazonses.com;
 spf=pass (spfCheck: domain of example.net designates 192.0.2.51 as permitted sender) client-ip=192.0.2.51; envelope-from=a@example.net; helo=mail-a1.example.net;
 dkim=pass header.i=@Example.org;
 dkim=permerror header.i=@news.example.org;
 dmarc=pass header.from=example.org;
X-SES-RECEIPT: AEFBQUFB
X-SES-DKIM-SIGNATURE: a=rsa-sha256; q=dns/txt; b=AAAA; d=amazonses.com
";

const SENDER: &str =
    "Received: from x by mail-a1.example.net with SMTP id 12; Wed, 13 Aug 2025 17:16:05 +0000
From: Midori <no-reply@example.org>
To: someone@example.net
Subject: code
Date: Wed, 13 Aug 2025 17:16:01 +0000

body
";

fn result(result: AuthStatus, domain: &str) -> AuthResult {
    AuthResult { result, domain: domain.to_owned() }
}

fn expected() -> SesBlock {
    SesBlock {
        return_path: "bounce+caf_=guard=mail.example.com@example.net".to_owned(),
        smtp_id: "795hue2ttd6ie60k15ji41vbso3q721dlq9g6f81".to_owned(),
        recipients: vec!["guard@mail.example.com".to_owned()],
        arrived_ms: 1_755_105_366_000,
        dkim: vec![
            result(AuthStatus::Pass, "example.org"),
            result(AuthStatus::PermError, "news.example.org"),
        ],
        dmarc: vec![result(AuthStatus::Pass, "example.org")],
        spam: Some("PASS".to_owned()),
        virus: Some("PASS".to_owned()),
    }
}

fn block_of(mail: &str) -> Option<SesBlock> {
    let lf = parse(mail.as_bytes()).ses;
    let crlf = parse(mail.replace('\n', "\r\n").as_bytes()).ses;
    assert_eq!(lf, crlf, "line ends change nothing");
    lf
}

#[test]
fn a_whole_block_is_read_whatever_its_line_ends_and_folding() {
    assert_eq!(block_of(&format!("{BLOCK}{SENDER}")), Some(expected()));
    assert_eq!(block_of(&format!("{BLOCK}{SENDER}").replace("\n ", "\n\t")), Some(expected()));
}

/// What stands where in the block, and what then must differ.
#[test]
fn variants_that_ses_may_write() {
    type Change = fn(&mut SesBlock);
    let cases: &[(&str, &str, &str, Change)] = &[
        ("scanning off", "X-SES-Spam-Verdict: PASS\nX-SES-Virus-Verdict: PASS\n", "", |block| {
            block.spam = None;
            block.virus = None;
        }),
        ("a failed verdict", "Virus-Verdict: PASS", "Virus-Verdict: fail", |block| {
            block.virus = Some("FAIL".to_owned());
        }),
        ("a bounce", "<Bounce+caf_=guard=mail.example.com@example.net>", "<>", |block| {
            block.return_path = String::new();
        }),
        ("brackets", "Guard@mail.example.com", "<guard@mail.example.com>", |_| {}),
        (
            "several",
            "for Guard@mail.example.com;",
            "for guard@mail.example.com, b@mail.example.com c@mail.example.com;",
            |block| {
                block.recipients =
                    ["guard", "b", "c"].map(|name| format!("{name}@mail.example.com")).to_vec();
            },
        ),
        (
            "several, folded",
            "for Guard@mail.example.com;",
            "for guard@mail.example.com,\n b@mail.example.com;",
            |block| {
                block.recipients.push("b@mail.example.com".to_owned());
            },
        ),
        ("nobody named", "\n for Guard@mail.example.com;", ";", |block| block.recipients.clear()),
        ("no dmarc", " dmarc=pass header.from=example.org;\n", "", |block| block.dmarc.clear()),
        ("dkim by header.d", "header.i=@Example.org", "header.d=example.org", |_| {}),
        ("no dkim", "dkim=pass header.i=@Example.org;", "dkim=none;", |block| {
            block.dkim[0] = result(AuthStatus::None, "");
        }),
        ("an added header", "X-SES-RECEIPT:", "X-Rule: guard\nX-SES-RECEIPT:", |_| {}),
        ("another region", "eu-west-1", "ap-northeast-1", |_| {}),
    ];
    for (name, from, to, change) in cases {
        let block = BLOCK.replacen(from, to, 1);
        assert_ne!(block, BLOCK, "{name} changes something");
        let mut expected = expected();
        change(&mut expected);
        assert_eq!(block_of(&format!("{block}{SENDER}")), Some(expected), "{name}");
    }
}

#[test]
fn what_is_no_whole_block_is_none() {
    let cases: &[(&str, &str, &str)] = &[
        ("another first header", "Return-Path:", "X-First: 1\nReturn-Path:"),
        ("a line before it", "Return-Path:", "garbage\nReturn-Path:"),
        ("another server", "inbound-smtp.eu-west-1.amazonaws.com", "mx.example.net"),
        (
            "a look-alike",
            "inbound-smtp.eu-west-1.amazonaws.com",
            "inbound-smtp.eu-west-1.amazonaws.com.example.net",
        ),
        (
            "a look-alike region",
            "inbound-smtp.eu-west-1.amazonaws.com",
            "inbound-smtp.evil.example.amazonaws.com",
        ),
        ("no id", " id 795hue2ttd6ie60k15ji41vbso3q721dlq9g6f81", ""),
        ("an id that is none", "795hue2ttd6ie60k15ji41vbso3q721dlq9g6f81", "../etc"),
        ("no date", " Wed, 13 Aug 2025 17:16:06 +0000 (UTC)\n", ""),
        ("no true date", "13 Aug 2025 17:16:06", "31 Feb 2025 17:16:06"),
        ("no true weekday", "Wed, 13", "Mon, 13"),
        (
            "a second hop",
            "X-SES-RECEIPT:",
            "Received: from a by b; Wed, 13 Aug 2025 17:16:06 +0000\nX-SES-RECEIPT:",
        ),
        ("a second return path", "X-SES-RECEIPT:", "Return-Path: <a@example.com>\nX-SES-RECEIPT:"),
        (
            "no receipt",
            "X-SES-RECEIPT: AEFBQUFB\nX-SES-DKIM-SIGNATURE: a=rsa-sha256; q=dns/txt; b=AAAA; d=amazonses.com\n",
            "",
        ),
    ];
    for (name, from, to) in cases {
        let block = BLOCK.replacen(from, to, 1);
        assert_ne!(block, BLOCK, "{name} changes something");
        assert_eq!(block_of(&format!("{block}{SENDER}")), None, "{name}");
    }
    assert_eq!(block_of(SENDER), None);
    let late =
        BLOCK.replace("X-SES-RECEIPT:", &format!("{}X-SES-RECEIPT:", "X-Pad: 1\n".repeat(40)));
    assert_eq!(block_of(&format!("{late}{SENDER}")), None, "a receipt far below");
}

/// All a sender writes stands below the block.
#[test]
fn nothing_below_the_block_changes_it() {
    let forgeries = [
        "Authentication-Results: amazonses.com;\n spf=pass;\n dkim=pass header.i=@bank.example.com;\n dmarc=pass header.from=bank.example.com;\n",
        "Received: from mail-a1.example.net (mail-a1.example.net [192.0.2.51])\n by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 795hue2ttd6ie60k15ji41vbso3q721dlq9g6f81\n for victim@mail.example.com;\n Wed, 13 Aug 2025 18:16:06 +0000 (UTC)\n",
        "X-SES-RECEIPT: AEFBQUFB\nX-SES-DKIM-SIGNATURE: a=rsa-sha256\n",
        "X-SES-Spam-Verdict: FAIL\nX-SES-Virus-Verdict: FAIL\n",
        BLOCK,
    ];
    for forgery in forgeries {
        let letter = parse(format!("{BLOCK}{forgery}{SENDER}").as_bytes());
        assert_eq!(letter.ses, Some(expected()), "{forgery}");
        let letter = parse(format!("{BLOCK}{SENDER}\n{forgery}").as_bytes());
        assert_eq!(letter.ses, Some(expected()), "in the body: {forgery}");
    }
}

/// A sender chooses his envelope address, his greeting and his host's name, and
/// SES repeats them on its own lines.
#[test]
fn nothing_inside_a_line_of_the_block_is_believed() {
    let injections = [
        "\"x; dmarc=pass header.from=bank.example.com; y\"@example.net",
        "\"x;  dkim=pass header.i=@bank.example.com;\"@example.net",
        "dmarc=pass",
    ];
    for injection in injections {
        for field in
            ["envelope-from=a@example.net; helo=mail-a1.example.net;", "mail-a1.example.net (mail"]
        {
            let block = BLOCK.replace(
                field,
                &field
                    .replace("a@example.net", injection)
                    .replace("mail-a1.example.net", injection),
            );
            assert_ne!(block, BLOCK);
            assert_eq!(block_of(&format!("{block}{SENDER}")), Some(expected()), "{injection}");
        }
    }
    let greeting = BLOCK.replace(
        "from mail-a1.example.net",
        "from by inbound-smtp.eu-west-1.amazonaws.com with SMTP id f0rged for victim@mail.example.com; Wed, 13 Aug 2025 18:16:06 +0000",
    );
    assert_eq!(block_of(&format!("{greeting}{SENDER}")), Some(expected()));
    let signature = BLOCK.replace(
        "header.i=@Example.org",
        "header.i=\"x; dkim=pass header.i=@bank.example.com;\"@example.org",
    );
    let dkim =
        block_of(&format!("{signature}{SENDER}")).map(|block| block.dkim).unwrap_or_default();
    assert!(!dkim.iter().any(|found| found.domain.contains("bank")), "{dkim:?}");
    let twice = BLOCK.replace(" dmarc=pass", " dmarc=fail header.from=a.example.com;\n dmarc=pass");
    let dmarc = block_of(&format!("{twice}{SENDER}")).map(|block| block.dmarc).unwrap_or_default();
    assert_eq!(dmarc.len(), 2, "both are kept, so that both can be refused");
    let other = BLOCK.replace("Results: amazonses.com;", "Results: mx.example.net;");
    let block = block_of(&format!("{other}{SENDER}")).unwrap();
    assert!(block.dkim.is_empty() && block.dmarc.is_empty(), "another server's results");
}

#[test]
fn the_block_leaves_no_trace_but_what_is_below_does() {
    let below = "X-Forwarded-To: guard@mail.example.com
X-Forwarded-For: Someone@example.net guard@mail.example.com
Delivered-To: someone@example.net
Return-Path: <bounce@example.org>
Authentication-Results: mx.example.net;
 dmarc=pass header.from=example.org
";
    let trace = parse(format!("{BLOCK}{below}{SENDER}").as_bytes()).trace;
    assert_eq!(trace.forwarded_to, ["guard@mail.example.com"]);
    assert_eq!(trace.forwarded_for, ["someone@example.net", "guard@mail.example.com"]);
    assert_eq!(trace.delivered_to, ["someone@example.net"]);
    assert_eq!(trace.return_path, ["bounce@example.org"]);
    assert_eq!(
        trace.authentication_results,
        ["mx.example.net; dmarc=pass header.from=example.org"]
    );
}
