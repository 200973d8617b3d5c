#![no_main]
//! What stands below SES's own block changes nothing of what the block says.

use hansho::mail;
use libfuzzer_sys::fuzz_target;

const BLOCK: &[u8] = b"Return-Path: <a@example.net>\r\nReceived: from mx.example.net (mx.example.net [192.0.2.77])\r\n by inbound-smtp.ap-northeast-1.amazonaws.com with SMTP id abcdef0123456789\r\n for hanako@mail.example.com;\r\n Sat, 29 Mar 2025 18:00:15 +0000 (UTC)\r\nX-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\nAuthentication-Results: amazonses.com;\r\n dkim=none;\r\n dmarc=fail header.from=example.net;\r\nX-SES-RECEIPT: AEFBQUFBQUFB\r\n";

fuzz_target!(|below: &[u8]| {
    let alone = mail::parse(BLOCK).ses.expect("the block is read");
    let raw = [BLOCK, b"X-Below: ", below].concat();
    assert_eq!(mail::parse(&raw).ses, Some(alone));
});
