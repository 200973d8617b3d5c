//! `Authentication-Results` (RFC 8601): one result, and a whole header as some
//! server other than SES wrote it. It must not know whom to trust.

use super::{AuthResult, AuthStatus, MAX_VALUE_BYTES};

/// At most this many results are kept of one header.
const MAX_RESULTS: usize = 32;

/// What one server said in one `Authentication-Results` header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerResults {
    /// The authserv-id: who says so, lower case. Anyone can write any name.
    pub server: String,
    /// Every `dkim=` result.
    pub dkim: Vec<AuthResult>,
    /// Every `dmarc=` result; more than one is a forgery.
    pub dmarc: Vec<AuthResult>,
}

/// Reads an unfolded `Authentication-Results` value.
///
/// Comments are dropped and what stands in quotes is never syntax, so neither
/// can smuggle a result in. `None` if it names no server, or if a quote or a
/// comment does not end.
#[must_use]
pub fn authentication_results(value: &str) -> Option<ServerResults> {
    let plain = without_comments(value)?;
    let mut statements = plain.split(';');
    let server = statements.next()?.split_whitespace().next()?.to_lowercase();
    let mut results = ServerResults { server, ..ServerResults::default() };
    for statement in statements.take(MAX_RESULTS) {
        match method(statement) {
            Some(("dkim", result)) => results.dkim.push(result),
            Some(("dmarc", result)) => results.dmarc.push(result),
            _ => {}
        }
    }
    Some(results)
}

/// One statement such as `dkim=pass header.i=@example.com`: its method and its
/// result, for the two methods that count here.
pub(super) fn method(statement: &str) -> Option<(&'static str, AuthResult)> {
    let mut words = statement.split_whitespace();
    let (method, result) = words.next()?.split_once('=')?;
    // A method may carry a version: `dkim/1=pass`.
    let method = method.split('/').next()?;
    let (method, properties) = if method.eq_ignore_ascii_case("dkim") {
        ("dkim", &["header.i", "header.d"][..])
    } else if method.eq_ignore_ascii_case("dmarc") {
        ("dmarc", &["header.from"][..])
    } else {
        return None;
    };
    let mut domain = String::new();
    for word in words {
        if let Some((name, value)) = word.split_once('=')
            && domain.is_empty()
            && properties.iter().any(|property| name.eq_ignore_ascii_case(property))
        {
            domain = domain_of(value);
        }
    }
    Some((method, AuthResult { result: AuthStatus::of(result), domain }))
}

/// The domain of `@d`, `local@d` or `d`, lower case; empty if it is none.
fn domain_of(value: &str) -> String {
    let value = value.trim_matches('"');
    let domain = value.rsplit_once('@').map_or(value, |(_, domain)| domain);
    let sound = domain.len() <= 255
        && domain.chars().all(|char| char.is_alphanumeric() || matches!(char, '.' | '-' | '_'));
    if sound { domain.trim_end_matches('.').to_lowercase() } else { String::new() }
}

impl AuthStatus {
    /// The status of a result keyword, in any case.
    pub(super) fn of(keyword: &str) -> Self {
        match keyword.to_ascii_lowercase().as_str() {
            "pass" => Self::Pass,
            "fail" | "softfail" | "hardfail" => Self::Fail,
            "none" => Self::None,
            "temperror" => Self::TempError,
            "permerror" => Self::PermError,
            _ => Self::Neutral,
        }
    }
}

/// Drops comments and makes what stands in quotes one harmless word.
fn without_comments(value: &str) -> Option<String> {
    let mut end = value.len().min(MAX_VALUE_BYTES);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    let value = value.get(..end)?;
    let mut plain = String::with_capacity(value.len());
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' if quoted || depth > 0 => {
                chars.next();
            }
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => {
                plain.push(if char.is_whitespace() || matches!(char, ';' | '=') {
                    '_'
                } else {
                    char
                });
            }
            '(' => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                plain.push(' ');
            }
            _ if depth > 0 => {}
            _ => plain.push(char),
        }
    }
    (depth == 0 && !quoted).then_some(plain)
}
