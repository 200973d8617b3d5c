//! Mails to measure with, in the shapes that mailboxes hold, all made here from
//! words of ours and the same in every run. It must not know what is measured.

use std::fmt::Write as _;

use fastrand::Rng;
use mail_builder::MessageBuilder;

/// One mail and what it is like.
pub struct Sample {
    /// What the tables call it.
    pub name: &'static str,
    /// The bytes as they arrive.
    pub raw: Vec<u8>,
}

/// The bytes of a megabyte.
pub const MEGABYTE: usize = 1024 * 1024;

const WORDS: &str = "harbour morning letter garden window market lantern river copper bridge \
    teacher kitchen winter paper station orchard village summer carpenter ticket island \
    weather blanket engine library mountain candle season picture journey together slowly \
    yesterday between against under with from about which every these where after before \
    please welcome thanks regards meeting report budget draft schedule version project";
const JA_WORDS: &str = "今週 新しい お知らせ 商品 店舗 会員 ご案内 季節 限定 おすすめ 特集 週末 旅行 朝食 写真 \
    図書館 散歩 秋 冬 予約 ポイント 配送 割引 開催 期間 詳しく 本日 ありがとう ございます ください について から まで です ます";

/// A mail of each shape, other mails and code mails.
pub fn samples() -> Vec<Sample> {
    let mut rng = Rng::with_seed(0x4861_6e73);
    let rng = &mut rng;
    let code_text = "Your verification code is 482913.\r\n\r\nEnter it on the page where you are \
        signing in. It expires in 10 minutes.\r\nIf you did not request this code, somebody may \
        know your password.\r\n\r\nExample Bank\r\n";
    let other_text = prose(rng, WORDS, 900, " ");
    let code_html = code_page(rng);
    let other_html = newsletter(rng, WORDS, 24);
    let ja_html = newsletter(rng, JA_WORDS, 24);
    let other_plain = prose(rng, WORDS, 3000, " ");
    let sample = |name, raw| Sample { name, raw };
    vec![
        sample("text-code", mail(rng, "Your verification code", Some(code_text), None, &[])),
        sample("text-other", mail(rng, "Draft of the report", Some(&other_text), None, &[])),
        sample("html-code", mail(rng, "Sign-in code", None, Some(&code_html), &[])),
        sample("html-other", mail(rng, "This week in the market", None, Some(&other_html), &[])),
        sample("html-other-ja", mail(rng, "今週のおすすめ", None, Some(&ja_html), &[])),
        sample(
            "alternative-code",
            mail(rng, "Sign-in code", Some(code_text), Some(&code_html), &[]),
        ),
        sample(
            "alternative-other",
            mail(rng, "This week in the market", Some(&other_plain), Some(&other_html), &[]),
        ),
        sample(
            "attachment-1mb",
            mail(rng, "The plans", Some(&other_text), Some(&other_html), &[MEGABYTE]),
        ),
    ]
}

/// One mail of an ordinary mailbox, by chance: mostly newsletters and notices
/// in both forms, some letters between people, one in ten with something
/// attached, one in a hundred a code mail.
pub fn ordinary(rng: &mut Rng) -> Vec<u8> {
    let words = if rng.bool() { WORDS } else { JA_WORDS };
    let gap = if words == WORDS { " " } else { "" };
    let subject = prose(rng, words, 36, gap);
    let roll = rng.u32(0..1000);
    match roll {
        0..5 => {
            let text = format!(
                "Your verification code is {:06}.\r\nIt expires soon.\r\n",
                rng.u32(0..1_000_000)
            );
            let page = code_page(rng);
            mail(rng, "Your verification code", Some(&text), Some(&page), &[])
        }
        5..10 => {
            let page = code_page(rng);
            mail(rng, "Sign-in code", None, Some(&page), &[])
        }
        10..210 => {
            let length = rng.usize(200..4000);
            let text = prose(rng, words, length, gap);
            mail(rng, &subject, Some(&text), None, &[])
        }
        210..360 => {
            let sections = rng.usize(4..40);
            let page = newsletter(rng, words, sections);
            mail(rng, &subject, None, Some(&page), &[])
        }
        360..900 => {
            let (length, sections) = (rng.usize(400..6000), rng.usize(4..40));
            let (text, page) = (prose(rng, words, length, gap), newsletter(rng, words, sections));
            mail(rng, &subject, Some(&text), Some(&page), &[])
        }
        _ => {
            let length = rng.usize(200..2000);
            let text = prose(rng, words, length, gap);
            // Most attachments are small, and a few are most of the bytes.
            let size = 8 * 1024 * (1 << rng.u32(0..8)) + rng.usize(0..8192);
            mail(rng, &subject, Some(&text), None, &[size])
        }
    }
}

fn prose(rng: &mut Rng, words: &str, bytes: usize, gap: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut text = String::new();
    let mut line = 0;
    while text.len() < bytes {
        let word = words[rng.usize(0..words.len())];
        text.push_str(word);
        line += word.len();
        match rng.u32(0..40) {
            0 if bytes > 100 => text.push_str(".\r\n\r\n"),
            1..4 if bytes > 100 => text.push_str(", "),
            _ if line > 66 && bytes > 100 => {
                text.push_str("\r\n");
                line = 0;
            }
            _ => text.push_str(gap),
        }
    }
    text
}

/// A newsletter as the senders' tools write it: tables in tables, a style on
/// each element, links that count clicks, a hidden preheader.
fn newsletter(rng: &mut Rng, words: &str, sections: usize) -> String {
    let gap = if words == WORDS { " " } else { "" };
    let mut page = String::from(
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"><html><head>\
         <meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><style type=\"text/css\">\n",
    );
    for number in 0..40 {
        let _ = writeln!(
            page,
            ".c{number} {{ font-family: Helvetica, Arial, sans-serif; padding: {number}px 0; }}"
        );
    }
    page.push_str("@media (max-width: 600px) { .w { width: 100% !important } }</style></head>\n");
    let _ = write!(
        page,
        "<body style=\"margin:0;padding:0;background-color:#f4f4f4\"><div style=\"display:none;\
         font-size:1px;max-height:0\">{}</div>\n<!--[if mso]><table><tr><td><![endif]-->\n",
        prose(rng, words, 80, gap)
    );
    for section in 0..sections {
        let id = rng.u64(..);
        let length = rng.usize(80..500);
        let _ = write!(
            page,
            "<table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" \
             border=\"0\" align=\"center\" class=\"w\" style=\"border-collapse:collapse\">\n\
             <tr>\n  <td align=\"left\" valign=\"top\" style=\"padding:24px 32px 8px;font-family:\
             Helvetica,Arial,sans-serif;font-size:22px;line-height:28px;color:#222222\">\n    \
             <a href=\"https://click.news.example.com/ls/click?upn={id:x}{id:x}&amp;s={section}&amp;\
             utm_source=mail\" style=\"color:#222222;text-decoration:none\">{}</a>\n  </td>\n</tr>\n\
             <tr>\n  <td style=\"padding:0 32px 24px;font-size:14px;line-height:20px;color:#555555\">\
             <img src=\"https://img.news.example.com/{id:x}.png\" width=\"536\" height=\"200\" alt=\"\" \
             style=\"display:block;border:0\"><br>\n    <p style=\"margin:0 0 12px\">{}</p>&nbsp;\
             <span style=\"font-size:18px\"><b>{}&#39;s</b> &yen;{}</span>\n  </td>\n</tr>\n</table>\n",
            prose(rng, words, 40, gap),
            prose(rng, words, length, gap),
            prose(rng, words, 10, gap),
            rng.u32(100..99_999),
        );
    }
    page.push_str("<p style=\"font-size:11px\"><a href=\"https://news.example.com/unsubscribe\">Unsubscribe</a></p></body></html>\n");
    page
}

/// A code mail as senders' templates make it.
fn code_page(rng: &mut Rng) -> String {
    let mut page = newsletter(rng, WORDS, 1);
    let code = format!(
        "<table><tr><td>Your verification code is:</td></tr><tr><td style=\"font-size:32px;\
         letter-spacing:6px\">{:06}</td></tr><tr><td>It expires in 10 minutes. If you did not \
         request this code, change your password.</td></tr></table>",
        rng.u32(0..1_000_000)
    );
    let at = page.find("<table role").unwrap_or(0);
    page.insert_str(at, &code);
    page
}

/// The bytes of a mail, under the headers that servers on the way write.
fn mail(
    rng: &mut Rng,
    subject: &str,
    text: Option<&str>,
    html: Option<&str>,
    attached: &[usize],
) -> Vec<u8> {
    let id = rng.u64(..);
    let host = rng.u32(0..64);
    let seconds = 1_767_225_600 + i64::from(rng.u32(0..28_000_000));
    let mut raw = trace(rng, seconds).into_bytes();
    let mut message = MessageBuilder::new()
        .from(("Example News".to_owned(), format!("news@m{host}.example.com")))
        .to(("Hanako Example", "hanako@example.jp"))
        .subject(subject)
        .date(seconds)
        .message_id(format!("{id:x}@m{host}.example.com"));
    if let Some(text) = text {
        message = message.text_body(text);
    }
    if let Some(html) = html {
        message = message.html_body(html);
    }
    for size in attached {
        let bytes: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(*size).collect();
        message = message.attachment("application/pdf", "plans.pdf", bytes);
    }
    message.write_to(&mut raw).expect("a vector takes everything");
    raw
}

/// About three kilobytes, as above a mail that came through two large servers.
fn trace(rng: &mut Rng, seconds: i64) -> String {
    let signature = |rng: &mut Rng, lines: usize| -> String {
        let base64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let line = |rng: &mut Rng| -> String {
            (0..70).map(|_| char::from(base64[rng.usize(0..64)])).collect()
        };
        (0..lines).map(|_| line(rng)).collect::<Vec<_>>().join("\r\n         ")
    };
    let date = jiff::Timestamp::from_second(seconds).expect("a time of this century");
    let date = date.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let mut trace = format!(
        "Delivered-To: hanako@example.jp\r\nReceived: by 2002:a05:6a20:d3db:: with SMTP id \
         xwt10eicc761wrogqb;\r\n        {date} (UTC)\r\nX-Received: by 2002:a17:90b:8e19:: with SMTP \
         id conh8p7g74t7dvmsi1u5;\r\n        {date}\r\n"
    );
    for (name, lines) in [("ARC-Seal", 5), ("ARC-Message-Signature", 7)] {
        let _ = write!(
            trace,
            "{name}: i=1; a=rsa-sha256; d=example.net; s=arc-20240605;\r\n        b={}\r\n",
            signature(rng, lines)
        );
    }
    let results = "mx.example.net;\r\n       dkim=pass header.i=@m1.example.com header.s=s1;\r\n       \
         spf=pass (example.net: domain of bounce@m1.example.com designates 192.0.2.17 as permitted \
         sender) smtp.mailfrom=bounce@m1.example.com;\r\n       dmarc=pass (p=REJECT sp=REJECT \
         dis=NONE) header.from=m1.example.com";
    let _ = write!(
        trace,
        "ARC-Authentication-Results: i=1; {results}\r\nReturn-Path: <bounce@m1.example.com>\r\n\
         Received: from mta17.m1.example.com (mta17.m1.example.com. [192.0.2.17])\r\n        by \
         mx.example.net with ESMTPS id d9443c01a7336-2e1b4\r\n        for <hanako@example.jp>\r\n        \
         (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        {date}\r\n\
         Received-SPF: pass (example.net: domain of bounce@m1.example.com designates 192.0.2.17 as \
         permitted sender) client-ip=192.0.2.17;\r\nAuthentication-Results: {results}\r\n\
         DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=m1.example.com; s=s1;\r\n        \
         h=content-type:from:mime-version:subject:to:list-unsubscribe;\r\n        b={}\r\n\
         List-Unsubscribe: <https://news.example.com/u/1>, <mailto:u@m1.example.com>\r\n\
         Feedback-ID: 1:news:example\r\nX-Mailer: example\r\n",
        signature(rng, 5)
    );
    trace
}
