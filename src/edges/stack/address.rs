//! Addresses that nobody guesses: whoever knows one can send to it.

use anyhow::Context as _;

/// Letters and digits that nobody mistakes for another; 32, so that five bits
/// of chance choose each.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 16 characters hold 80 bits.
const TOKEN_CHARS: usize = 16;

/// A fresh address of a person at the stack's domain.
pub(super) fn fresh(person: &str, domain: &str) -> anyhow::Result<String> {
    let mut chance = [0_u8; TOKEN_CHARS];
    getrandom::fill(&mut chance).context("the system gives no random numbers")?;
    Ok(format!("{person}-{}@{domain}", token(&chance)))
}

/// A few characters that make a run its own.
pub(super) fn run_id() -> anyhow::Result<String> {
    let mut chance = [0_u8; 8];
    getrandom::fill(&mut chance).context("the system gives no random numbers")?;
    Ok(token(&chance))
}

fn token(chance: &[u8]) -> String {
    chance
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|&byte| char::from(byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_address_is_long_plain_and_never_the_same() {
        let made: BTreeSet<String> =
            (0..200).map(|_| fresh("hanako", "mail.example.com").unwrap()).collect();
        assert_eq!(made.len(), 200);
        for address in made {
            let token = address.strip_prefix("hanako-").unwrap();
            let token = token.strip_suffix("@mail.example.com").unwrap();
            assert_eq!(token.len(), TOKEN_CHARS);
            assert!(token.bytes().all(|byte| ALPHABET.contains(&byte)), "{token}");
        }
    }

    #[test]
    fn every_character_of_the_alphabet_is_as_likely() {
        let all: Vec<u8> = (0..=255).collect();
        let token = token(&all);
        for letter in ALPHABET {
            assert_eq!(token.bytes().filter(|byte| byte == letter).count(), 8);
        }
    }
}
