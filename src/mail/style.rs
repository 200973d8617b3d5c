//! Whether a `style` attribute hides its element. It knows the ways in which
//! mails hide text and nothing else of CSS.

/// How an element's text comes out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Visibility {
    /// Not rendered, whatever the children say.
    pub(super) gone: bool,
    /// `visibility: hidden`, which a child can undo.
    invisible: bool,
    /// A font size of zero, which a child can undo: layout tables set it on
    /// cells and give the text inside a size of its own.
    sizeless: bool,
}

impl Visibility {
    pub(super) fn is_seen(self) -> bool {
        !(self.gone || self.invisible || self.sizeless)
    }
}

/// The visibility of a child that has this `style`.
pub(super) fn apply(mut visibility: Visibility, style: &str) -> Visibility {
    let mut no_height = false;
    let mut clipped = false;
    for declaration in style.split(';') {
        let declaration = declaration.trim_ascii_start();
        if !matches!(
            declaration.as_bytes().first(),
            Some(
                b'd' | b'v'
                    | b'o'
                    | b'f'
                    | b'm'
                    | b'h'
                    | b't'
                    | b'l'
                    | b'c'
                    | b'D'
                    | b'V'
                    | b'O'
                    | b'F'
                    | b'M'
                    | b'H'
                    | b'T'
                    | b'L'
                    | b'C'
            )
        ) {
            continue;
        }
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let value = value.trim().split('!').next().unwrap_or_default().trim();
        let property = property.trim();
        let is = |name: &str| property.eq_ignore_ascii_case(name);
        if is("display") {
            visibility.gone |= value.eq_ignore_ascii_case("none");
        } else if is("visibility") {
            visibility.invisible =
                value.eq_ignore_ascii_case("hidden") || value.eq_ignore_ascii_case("collapse");
        } else if is("opacity") {
            visibility.gone |= is_zero(value);
        } else if is("font-size") {
            // A relative size of nothing is nothing.
            let relative = value.ends_with('%') || value.ends_with("em") && !value.ends_with("rem");
            if is_zero(value) || !relative {
                visibility.sizeless = is_zero(value) || is_speck(value);
            }
        } else if is("color") {
            visibility.invisible |= value.eq_ignore_ascii_case("transparent");
        } else if is("text-indent") || is("left") {
            visibility.gone |= is_far_off(value);
        } else if is("max-height") || is("height") {
            no_height |= is_zero(value);
        } else if is("overflow") || is("overflow-y") {
            clipped |= value.eq_ignore_ascii_case("hidden");
        }
    }
    visibility.gone |= no_height && clipped;
    visibility
}

/// Whether a size is a pixel or less, which nobody reads.
fn is_speck(value: &str) -> bool {
    let number = value.strip_suffix("px").or_else(|| value.strip_suffix("pt"));
    number.and_then(|number| number.trim().parse::<f32>().ok()).is_some_and(|size| size <= 1.0)
}

/// Whether text is pushed off the page to the left.
fn is_far_off(value: &str) -> bool {
    let number = value.trim_end_matches(|char: char| char.is_ascii_alphabetic() || char == '%');
    number.trim().parse::<f32>().is_ok_and(|number| number <= -900.0)
}

fn is_zero(value: &str) -> bool {
    let number = value.trim_end_matches(|char: char| char.is_ascii_alphabetic() || char == '%');
    number.trim().parse::<f32>().is_ok_and(|number| number == 0.0)
}
