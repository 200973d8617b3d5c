//! What a reader sees of an HTML mail, and where its links lead.

use crate::mail::{MAX_LINKS, MAX_TEXT_BYTES, TextFrom, parse};

fn html(page: &str) -> crate::mail::Letter {
    parse(format!("Content-Type: text/html; charset=utf-8\r\n\r\n{page}").as_bytes())
}

/// The page, its text, and whether it hides words.
const PAGES: &[(&str, &str, bool)] = &[
    ("<p>one</p><p>two</p>", "one\ntwo", false),
    ("a<b>b</b>c", "abc", false),
    ("one<br>two<BR/>three", "one\ntwo\nthree", false),
    (
        "<table><tr><td>4</td><td>8</td></tr><tr><td>2</td><th>x</th></tr></table>",
        "4 8\n2 x",
        false,
    ),
    (
        "<div>Your code</div><div><span>48</span><span>29</span></div>end",
        "Your code\n4829\nend",
        false,
    ),
    ("  a \n\t b&nbsp;&nbsp;c ", "a b c", false),
    (
        "&lt;b&gt; &amp;amp; &#35469;&#x8A3C; &yen;5 &unknown; & AT&T &#xFFFFFFFF; &;",
        "<b> &amp; 認証 ¥5 &unknown; & AT&T \u{fffd} &;",
        false,
    ),
    ("<head><title>No</title><style>p{a:b}</style></head><body>yes", "yes", false),
    ("<script>if (a<b) {'</p>'}</script >yes<!-- no -->!", "yes!", false),
    ("<!--[if mso]>outlook<![endif]--><!--[if !mso]><!-->all<!--<![endif]-->", "all", false),
    ("<!doctype html><?xml version='1'?>a", "a", false),
    ("1 < 2 and 3<4", "1 < 2 and 3<4", false),
    ("<a title='>' href=x>in</a>", "in", false),
    ("4&#8203;8&zwnj;2&shy;9", "4829", false),
    ("<div style='display:none'>secret code 1234</div>seen", "seen", true),
    ("<div style=\"color:red; DISPLAY : None !important\">x<div>y</div>z</div>seen", "seen", true),
    ("<span style='visibility:hidden'>x<b style='visibility:visible'>y</b></span>z", "yz", true),
    ("<span style=font-size:0>x</span>y", "y", true),
    ("<td style='font-size:0px;padding:1px'><div style='font-size:13px'>x</div></td>", "x", false),
    ("<td style='font-size:0'><div style='font-size:120%'>x</div></td>y", "y", true),
    ("<p style='opacity:0'>x</p>y", "y", true),
    ("<p style='opacity:0.9;font-size:0.5em'>x</p>y", "x\ny", false),
    ("<div style='max-height:0;overflow:hidden'>x</div>y", "y", true),
    ("<div style='max-height:0'>x</div>y", "x\ny", false),
    ("<div style='font-size:1px'>x</div>y", "y", true),
    ("<div style='font-size:1rem;left:-5px'>x</div>y", "x\ny", false),
    ("<div style='text-indent:-9999px'>x</div>y", "y", true),
    ("<div style='position:absolute;left:-9999px'>x</div>y", "y", true),
    ("<span style='color:transparent'>x</span>y", "y", true),
    ("<p hidden>x</p>y", "y", true),
    ("<p hidden>x<p>y", "y", true),
    ("<table><tr><td hidden>x<td>y<tr><td>z</table>", "y\nz", true),
    ("<table><tr><td><div hidden>x</td><td>y</td></tr></table>z", "y\nz", true),
    ("<ul><li hidden>x<li>y</ul>", "y", true),
    ("<div hidden></span></p>x</div>y", "y", true),
    ("<img hidden>y", "y", false),
    ("<div style='display:none'>&nbsp;&zwnj;<img></div>seen", "seen", false),
    ("<template>x</template>y", "y", true),
    ("unclosed <b", "unclosed", false),
    ("unclosed <a href='x", "unclosed", false),
    ("unclosed <!-- x", "unclosed", false),
    ("<style>unclosed", "", false),
    ("<>a</>b", "<>ab", false),
    ("<あ>", "<あ>", false),
    ("<p あ='い'う>x", "x", false),
];

#[test]
fn pages_come_out_as_a_reader_sees_them() {
    for (page, expected, hidden) in PAGES {
        let letter = html(page);
        assert_eq!(letter.text, *expected, "{page}");
        assert_eq!(letter.hidden_text, *hidden, "{page}");
    }
}

#[test]
fn links_are_decoded_and_kept_once() {
    let letter = html(
        "<a href='https://example.com/?a=1&amp;b=2'>x</a> <A HREF=HTTP://example.com/y>y</A>\
         <a href=\"https://example.com/?a=1&amp;b=2\">again</a> <a href='mailto:a@example.com'>m</a>\
         <a href='javascript:x'>j</a> see https://example.com/z. <map><area href=https://example.com/m></map>\
         <a style='display:none' href='https://example.com/hidden'>h</a>",
    );
    assert_eq!(
        letter.links,
        [
            "https://example.com/?a=1&b=2",
            "HTTP://example.com/y",
            "https://example.com/m",
            "https://example.com/z"
        ]
    );
    let plain = parse("\r\n以下のリンクhttps://example.com/vf-%5B1%5D-x_yをクリック（http://example.com/）。://x http:// xhttp://example.net/q, <https://example.com/b>".as_bytes());
    assert_eq!(
        plain.links,
        [
            "https://example.com/vf-%5B1%5D-x_y",
            "http://example.com/",
            "http://example.net/q",
            "https://example.com/b"
        ]
    );
}

#[test]
fn text_and_links_have_limits() {
    let words = "<p>認証コード</p>".repeat(8000);
    let letter = html(&words);
    assert!(letter.truncated);
    assert!(letter.text.len() <= MAX_TEXT_BYTES && letter.text.len() > MAX_TEXT_BYTES - 16);
    let links: String = (0..500).map(|n| format!("<a href=http://example.com/{n}>x</a>")).collect();
    let letter = html(&links);
    assert_eq!(letter.links.len(), MAX_LINKS);
    assert!(letter.truncated);
    let deep = format!("{}x{}", "<div>".repeat(40_000), "</div>".repeat(5_000));
    assert_eq!(html(&deep).text, "x");
    let unclosed = "<a href='".repeat(25_000);
    assert_eq!(html(&unclosed).text_from, TextFrom::Nothing);
}
