//! One SMS segment: how a text is counted, and how a text of named pieces is
//! made to fit. What carriers charge for is the segment, and a text in two of
//! them may arrive as halves. This file must not know what is being said.

/// How an SMS is encoded on the air (3GPP TS 23.038).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The 7-bit alphabet: 160 septets, or 153 a part.
    Gsm7,
    /// UTF-16: 70 units, or 67 a part.
    Ucs2,
}

/// What a text costs as an SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// The encoding that the text needs.
    pub encoding: Encoding,
    /// Its length in septets (a character of the extension table counts two) or
    /// in UTF-16 units.
    pub units: usize,
    /// How many parts it is sent in, each paid for; 1 for an empty text.
    pub parts: usize,
}

/// The GSM 7-bit default alphabet, without the escape.
const GSM7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension table: an escape and a septet each.
const GSM7_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Counts a text as it would be sent.
pub fn segments(text: &str) -> Segments {
    let septets: Option<Vec<usize>> = text.chars().map(septets).collect();
    let (encoding, sizes, single, part) = match septets {
        Some(sizes) => (Encoding::Gsm7, sizes, 160, 153),
        None => (Encoding::Ucs2, text.chars().map(char::len_utf16).collect(), 70, 67),
    };
    let units = sizes.iter().sum();
    let parts = if units <= single { 1 } else { parts(&sizes, part) };
    Segments { encoding, units, parts }
}

/// The septets of one character, if the alphabet has it.
fn septets(c: char) -> Option<usize> {
    if GSM7.contains(c) {
        Some(1)
    } else if GSM7_EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// The parts that characters of these sizes fill; none is split between two.
fn parts(sizes: &[usize], part: usize) -> usize {
    let mut parts = 1;
    let mut used = 0;
    for size in sizes {
        if used + size > part {
            parts += 1;
            used = 0;
        }
        used += size;
    }
    parts
}

/// A piece of a text that may have to be shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its words; `{name}` stands for the name of the service.
    pub(super) text: String,
    /// 0 is always said; of the others a lower one is more important.
    pub(super) rank: u8,
}

impl Piece {
    /// A piece that is always said.
    pub(super) fn must(text: impl Into<String>) -> Piece {
        Piece { text: text.into(), rank: 0 }
    }

    /// A piece that goes, the higher its rank the sooner.
    pub(super) fn may(rank: u8, text: impl Into<String>) -> Piece {
        Piece { text: text.into(), rank }
    }
}

/// The text of these pieces that fits one segment and says the most: of what may
/// go, each piece stays if there is room for it beside the more important ones.
/// A shorter name is taken where it makes room for more, the generic word only
/// where nothing else fits. `None` if even that is too long.
pub(super) fn fit(pieces: &[Piece], names: &[&str], generic: &str) -> Option<String> {
    let mut best: Option<(Vec<bool>, String)> = None;
    for (said, text) in names.iter().filter_map(|name| pack(pieces, name)) {
        if best.as_ref().is_none_or(|(most, _)| said > *most) {
            best = Some((said, text));
        }
    }
    best.or_else(|| pack(pieces, generic)).map(|(_, text)| text)
}

/// The pieces that fit beside this name: which of them, by importance, and the text.
fn pack(pieces: &[Piece], name: &str) -> Option<(Vec<bool>, String)> {
    let mut by_rank: Vec<usize> = (0..pieces.len()).collect();
    by_rank.sort_by_key(|at| pieces.get(*at).map(|piece| piece.rank));
    let mut chosen: Vec<usize> = Vec::new();
    let mut said = Vec::new();
    for at in by_rank {
        let must = pieces.get(at).is_some_and(|piece| piece.rank == 0);
        chosen.push(at);
        let fits = must || segments(&say(pieces, &chosen, name)).parts == 1;
        if !fits {
            chosen.pop();
        }
        said.push(fits);
    }
    let text = say(pieces, &chosen, name);
    (segments(&text).parts == 1).then_some((said, text))
}

/// The chosen pieces in their order.
fn say(pieces: &[Piece], chosen: &[usize], name: &str) -> String {
    let said = pieces.iter().enumerate().filter(|(at, _)| chosen.contains(at));
    said.map(|(_, piece)| piece.text.replace("{name}", name)).collect()
}
