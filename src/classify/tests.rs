//! Claims on whole letters.

use super::*;
use crate::mail::Mailbox;

fn letter(from: &str, subject: &str, text: &str) -> Letter {
    Letter {
        from: vec![Mailbox { name: String::new(), address: from.to_owned() }],
        to: vec!["me@example.net".to_owned()],
        subject: subject.to_owned(),
        text: text.to_owned(),
        ..Letter::default()
    }
}

#[test]
fn a_plain_code_mail_is_one() {
    let verdict = classify(
        &letter(
            "a@shop.example.com",
            "Your verification code",
            "Your code is: 481902\nIt expires in 10 minutes.",
        ),
        &Reader::default(),
    );
    assert_eq!(verdict.outcome, Outcome::Code, "{:?}", verdict.signals);
    assert_eq!(verdict.service_key, "domain:example.com");
    let verdict = classify(
        &letter(
            "a@shop.example.jp",
            "ログインのお知らせ",
            "認証コード：４８１９０２\n有効期限は10分です",
        ),
        &Reader::default(),
    );
    assert_eq!(verdict.outcome, Outcome::Code, "{:?}", verdict.signals);
}
