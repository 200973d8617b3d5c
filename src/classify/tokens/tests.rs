//! Which stretches could be a code, one line a case.

use super::*;
use crate::mail::Letter;

fn shapes(text: &str) -> Vec<(Shape, usize, bool)> {
    let letter = Letter { text: text.to_owned(), ..Letter::default() };
    find(&Page::of(&letter)).iter().map(|t| (t.shape, t.length, t.doubtful)).collect()
}

#[test]
fn what_has_the_form_of_a_code_is_found() {
    for (text, shape, length) in [
        ("1234", Shape::Digits, 4),
        ("code 123456.", Shape::Digits, 6),
        ("コードは123456です", Shape::Digits, 6),
        ("１２３４５６", Shape::Digits, 6),
        ("٤٨١٩٠٢", Shape::Digits, 6),
        ("12345678", Shape::Digits, 8),
        ("123 456", Shape::Grouped, 6),
        ("123-456", Shape::Grouped, 6),
        ("12-34-56", Shape::Grouped, 6),
        ("611 – 907", Shape::Grouped, 6),
        ("4 8 1 9 0 2", Shape::Cells, 6),
        ("4\n8\n1\n9", Shape::Cells, 4),
        ("1-2-3-4-5-6", Shape::Cells, 6),
        ("G-123456", Shape::Prefixed, 6),
        ("FB-12345", Shape::Prefixed, 5),
        ("code:A7K9Q2", Shape::Mixed, 6),
        ("AB12-CD34", Shape::Mixed, 8),
        ("**481902**", Shape::Digits, 6),
    ] {
        let found = shapes(text);
        assert!(
            matches!(found.as_slice(), [(s, l, false)] if *s == shape && (*l == length || shape == Shape::Prefixed)),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn what_cannot_be_a_code_is_not() {
    for text in [
        "12:30",
        "2026-11-22",
        "22.11.2026",
        "22/11/2026",
        "1,234",
        "12.50",
        "$1200",
        "¥54321",
        "1200 円",
        "〒123-4567",
        "192.0.2.44",
        "https://example.com/v/123456",
        "www.example.com/123456",
        "a123456@example.com",
        "****1234",
        "#123456",
        "+81312345678",
        "12%",
        "1.2.3",
        "123",
        "824#",
        "> 481902",
    ] {
        let found = shapes(text);
        assert!(found.iter().all(|(_, _, doubtful)| *doubtful), "{text}: {found:?}");
    }
}

#[test]
fn what_may_be_something_else_is_doubtful() {
    for text in ["2026", "1999", "20261122", "0312345678", "123-4567", "iphone15"] {
        let found = shapes(text);
        assert!(matches!(found.as_slice(), [(_, _, true)]), "{text}: {found:?}");
    }
}
