//! Where lines break.

use super::super::wrap::paragraph;

/// The text in lines of at most that many columns, joined by a bar.
fn wrapped(text: &str, columns: usize) -> String {
    let mut out = String::new();
    paragraph(&mut out, text, "", columns);
    out.trim_end().replace('\n', "|")
}

#[test]
fn japanese_breaks_where_a_reader_pauses() {
    let cases = [
        ("公式サイトをご自身で開いてください。", 16, "公式サイトを|ご自身で|開いてください。"),
        ("残してください。問い合わせのときに", 20, "残してください。|問い合わせのときに"),
        (
            "必要なものは（ご家族ではできません）です",
            28,
            "必要なものは|（ご家族ではできません）です",
        ),
        ("あと40分かかった例があります", 12, "あと|40分かかった|例があります"),
        ("これはe-Taxの認証メール", 12, "これは|e-Taxの|認証メール"),
        // A phrase longer than a line breaks where it may, but before no mark.
        ("資産管理資産管理、資産", 8, "資産管理|資産管|理、資産"),
    ];
    for (text, columns, expected) in cases {
        assert_eq!(wrapped(text, columns), expected);
    }
}

#[test]
fn english_breaks_at_spaces_and_a_long_word_stands_alone() {
    assert_eq!(wrapped("an asset-management app", 12), "an|asset-|management|app");
    assert_eq!(wrapped("two-step login here", 14), "two-step login|here");
    assert_eq!(wrapped("a login.shop.example[.]com b", 10), "a|login.shop.example[.]com|b");
    assert_eq!(wrapped("", 10), "");
    assert_eq!(wrapped("word", 0), "word");
}

#[test]
fn the_second_line_stands_under_the_first() {
    let mut out = String::new();
    paragraph(&mut out, "one two three", "1. ", 10);
    assert_eq!(out, "1. one two\n   three\n");
}
