use super::{Seen, View, leaning, log_odds, masked};
use crate::classify::page::Page;
use crate::classify::{phrases, tokens};
use crate::mail::Letter;

fn with<T>(subject: &str, text: &str, look: impl Fn(View<'_>) -> T) -> T {
    let letter = Letter { subject: subject.to_owned(), text: text.to_owned(), ..Letter::default() };
    let page = Page::of(&letter);
    look(View { page: &page, hits: &phrases::find(&page), tokens: &tokens::find(&page) })
}

#[test]
fn no_digit_and_no_link_makes_a_difference() {
    let odds = |code: &str, link: &str| {
        let text = format!("Type {code} into the box or open {link} to come in.");
        with("Your way in", &text, log_odds)
    };
    let first = odds("482913", "https://example.com/in?t=4829");
    assert_eq!(first.to_bits(), odds("700156", "https://example.org/a/longer/way").to_bits());
    assert_eq!(masked("at 12:30 see http://example.com/1 ok").len(), "at 00:00 see . ok".len());
}

#[test]
fn wording_decides_where_nothing_is_named() {
    let weight = |subject: &str, text: &str| {
        let signal = with(subject, text, |view| leaning(view, Seen::Spare, 40));
        signal.map_or(0, |signal| signal.weight)
    };
    let code = weight(
        "Signing in to Quillmoor",
        "Hi Ada, type 482913 on the sign-in page within ten minutes. Not you? Ignore this mail.",
    );
    let other = weight(
        "Your order has left our store",
        "Hi Ada, parcel 482913 is on its way and should be with you on Tuesday. Thank you!",
    );
    assert!(code >= 60 && other < 40, "{code} and {other}");
}

#[test]
fn what_is_sure_or_hopeless_is_not_looked_at() {
    let said = |score| with("A subject", "A text", |view| leaning(view, Seen::Named, score));
    assert!(said(150).is_none() && said(-41).is_none());
    assert!(said(99).is_some_and(|signal| signal.weight.abs() <= 140));
}

#[test]
fn an_empty_page_has_finite_odds() {
    assert!(with("", "", log_odds).is_finite());
}

#[test]
fn an_ordinary_mail_with_nothing_like_a_code_is_not_looked_at() {
    let prose = "please welcome picture with morning letter garden window market lantern river \
                 copper bridge teacher kitchen, meeting report budget draft schedule version";
    let said = |subject: &str, text: &str| {
        with(subject, text, |view| leaning(view, Seen::Nothing, 0)).is_some()
    };
    assert!(!said("Draft of the report", prose));
    assert!(said("Is it you?", "Tap the picture of the kite on your screen to sign in."));
}
