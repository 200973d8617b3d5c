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

const CONFIRM: &str = "https://mail-settings.google.com/mail/vf-%5BANGjdJ%5D-abc";
const CANCEL: &str = "https://mail-settings.google.com/mail/uf-%5BANGjdJ%5D-abc";

fn confirmation() -> Letter {
    let mut letter = letter(
        "forwarding-noreply@google.com",
        "(Gmail Forwarding Confirmation - Receive Mail from ann@gmail.com",
        "ann@gmail.com has requested to automatically forward mail to your email\naddress me@example.net.",
    );
    letter.links = vec![CANCEL.to_owned(), CONFIRM.to_owned()];
    letter
}

fn by_google(result: crate::mail::AuthStatus) -> Option<crate::mail::SesBlock> {
    Some(crate::mail::SesBlock {
        dmarc: vec![crate::mail::AuthResult { result, domain: "google.com".to_owned() }],
        ..crate::mail::SesBlock::default()
    })
}

#[test]
fn a_forwarding_confirmation_hands_on_the_confirming_link_alone() {
    let mut letter = confirmation();
    letter.ses = by_google(crate::mail::AuthStatus::Pass);
    for (subject, text) in [
        (letter.subject.clone(), letter.text.clone()),
        (
            "（Example 株式会社 の転送の確認 - ann@gmail.com からメールを受信".to_owned(),
            "ann@gmail.com からこのアドレスに自動転送するには次のリンクを開いてください。"
                .to_owned(),
        ),
        (
            "(#99427480) Gmail Forwarding Confirmation - Receive Mail from ann@gmail.com"
                .to_owned(),
            "ann@gmail.com has requested this.\nConfirmation code: 99427480".to_owned(),
        ),
    ] {
        letter.subject = subject;
        letter.text = text;
        let verdict = classify(&letter, &Reader::default());
        assert_eq!(verdict.outcome, Outcome::ForwardConfirmation, "{:?}", verdict.signals);
        assert_eq!(verdict.confirm_link.as_deref(), Some(CONFIRM));
        assert_eq!(verdict.confirm_mailbox.as_deref(), Some("ann@gmail.com"));
        assert_eq!(verdict.authenticity, Authenticity::Verified);
        assert_eq!(verdict.kind, None);
    }
}

#[test]
fn a_forged_forwarding_confirmation_hands_on_nothing() {
    let mut unproven = confirmation();
    unproven.ses = by_google(crate::mail::AuthStatus::Fail);
    let mut cancel_only = confirmation();
    cancel_only.links = vec![CANCEL.to_owned()];
    let mut elsewhere = confirmation();
    elsewhere.links = vec![
        "https://mail-settings.google.com.example.org/mail/vf-1".to_owned(),
        "https://mail-settings.google.com@example.org/mail/vf-1".to_owned(),
        "http://mail-settings.google.com/mail/vf-1".to_owned(),
        "https://example.org/mail/vf-1".to_owned(),
    ];
    let mut other_sender = confirmation();
    other_sender.from[0].address = "forwarding-noreply@google.example.com".to_owned();
    for letter in [unproven, cancel_only, elsewhere, other_sender] {
        let verdict = classify(&letter, &Reader::default());
        assert_eq!(verdict.outcome, Outcome::Other, "{:?}", verdict.signals);
        assert_eq!(verdict.confirm_link, None);
    }
    // From home nobody vouches: recognised, and not verified.
    let verdict = classify(&confirmation(), &Reader::default());
    assert_eq!(
        (verdict.outcome, verdict.authenticity),
        (Outcome::ForwardConfirmation, Authenticity::Unknown)
    );
}

#[test]
fn our_own_alerts_bounces_and_forwards_by_hand_are_refused() {
    let text = "Your verification code is 481902";
    let code = letter("a@shop.example.com", "Verification code", text);
    assert_eq!(classify(&code, &Reader::default()).outcome, Outcome::Code);
    let mut sns = code.clone();
    sns.from[0].address = "no-reply@sns.amazonaws.com".to_owned();
    let mut marked = code.clone();
    marked.text = format!("{text}\n{OWN_MARKER}01J9");
    let mut bounce = code.clone();
    bounce.trace.report = true;
    let mut daemon = code.clone();
    daemon.from[0].address = "mailer-daemon@example.com".to_owned();
    let mut by_hand = code.clone();
    by_hand.subject = "Fwd: Verification code".to_owned();
    let mut attached = code.clone();
    attached.attached_mail = true;
    for (letter, signal) in [
        (sns, "refuse.sns-sender"),
        (marked, "refuse.own-marker"),
        (bounce, "refuse.bounce"),
        (daemon, "refuse.bounce"),
        (by_hand.clone(), "forward.subject"),
        (attached, "forward.attached"),
    ] {
        let verdict = classify(&letter, &Reader::default());
        assert_eq!(verdict.outcome, Outcome::Other, "{signal}");
        assert!(
            verdict.signals.iter().any(|found| found.name == signal),
            "{signal}: {:?}",
            verdict.signals
        );
    }
    // A rule that forwards as a new mail says so.
    by_hand.trace.auto_submitted = Some("auto-forwarded".to_owned());
    assert_eq!(classify(&by_hand, &Reader::default()).outcome, Outcome::Code);
}

#[test]
fn a_key_is_always_sound() {
    let long = format!("a@{}.com", "a".repeat(300));
    for (from, key) in [
        ("a@mail.shop.co.jp", "domain:shop.co.jp"),
        ("a@example.com", "domain:example.com"),
        ("a@a.b.github.io", "domain:b.github.io"),
        ("a@日本.example", "domain:invalid"),
        ("a@exa mple.com", "domain:invalid"),
        ("a@..", "domain:invalid"),
        ("", "domain:invalid"),
        (long.as_str(), "domain:invalid"),
    ] {
        let verdict = classify(
            &letter(from, "Verification code", "Verification code: 481902"),
            &Reader::default(),
        );
        assert_eq!((verdict.outcome, verdict.service_key.as_str()), (Outcome::Code, key), "{from}");
    }
}

#[test]
fn what_a_code_is_for() {
    for (subject, text, kind) in [
        (
            "Your code",
            "Your login code is 481902. If this wasn't you, reset your password.",
            Kind::Login,
        ),
        ("Password reset code", "Use code 481902 to reset your password.", Kind::Reset),
        (
            "Confirm your email",
            "Enter verification code 481902 to finish creating your account.",
            Kind::Signup,
        ),
        (
            "Confirm your payment",
            "Verification code 481902 for the payment of EUR 64.90 to a merchant.",
            Kind::Transaction,
        ),
        (
            "認証コード",
            "ログイン用の認証コード：481902\nお心当たりのない場合はパスワードを変更してください。",
            Kind::Login,
        ),
        ("パスワード再設定の認証コード", "認証コード：481902", Kind::Reset),
        ("会員登録の確認", "認証コード：481902", Kind::Signup),
        (
            "振込のワンタイムパスワード",
            "振込先：ミドリ商店\n金額：5,000円\nワンタイムパスワード：481902",
            Kind::Transaction,
        ),
    ] {
        let verdict = classify(&letter("a@example.com", subject, text), &Reader::default());
        assert_eq!(verdict.kind, Some(kind), "{subject}: {:?}", verdict.signals);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]
    #[test]
    fn no_letter_makes_it_fail(subject in "\\PC{0,80}", text in "(\\PC|\n|[0-9 -]|認証コード|code: ){0,200}", from in "\\PC{0,40}") {
        let verdict = classify(&letter(&from, &subject, &text), &Reader::default());
        proptest::prop_assert!(verdict.service_key.len() <= 260);
    }
}
