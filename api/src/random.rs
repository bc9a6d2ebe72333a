//! Randomness that nobody can foresee: ids and orders come from the system's generator.

use crate::error::ApiError;

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system's random number generator failed")]
pub struct NoRandomness;

/// Random bytes.
///
/// # Errors
/// [`NoRandomness`] when the system gives none.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// 32 hexadecimal digits.
///
/// # Errors
/// [`NoRandomness`] when the system gives none.
pub fn hex_128() -> Result<String, NoRandomness> {
    Ok(format!("{:032x}", u128::from_be_bytes(bytes()?)))
}

/// Puts `items` into a random order, every order as likely as any other: Fisher and Yates, with
/// numbers drawn without the bias of a plain remainder.
///
/// # Errors
/// [`NoRandomness`] when the system gives none.
pub fn shuffle<T>(items: &mut [T]) -> Result<(), NoRandomness> {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1)?);
    }
    Ok(())
}

/// Whether a draw that succeeds once in `n` does.
///
/// # Errors
/// [`NoRandomness`] when the system gives none.
pub fn one_in(n: usize) -> Result<bool, NoRandomness> {
    Ok(below(n)? == 0)
}

/// A number from 0 to `n - 1`, uniformly; 0 for `n` = 0.
fn below(n: usize) -> Result<usize, NoRandomness> {
    if n < 2 {
        return Ok(0);
    }
    // Draws from the last, incomplete run of n numbers are thrown away.
    let limit = usize::MAX - usize::MAX % n;
    loop {
        let drawn = usize::from_ne_bytes(bytes()?);
        if drawn < limit {
            return Ok(drawn % n);
        }
    }
}

impl From<NoRandomness> for ApiError {
    fn from(error: NoRandomness) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_order_is_as_likely() {
        let mut seen: HashMap<[u8; 3], u32> = HashMap::new();
        for _ in 0..6_000 {
            let mut items = [1, 2, 3];
            shuffle(&mut items).unwrap();
            *seen.entry(items).or_default() += 1;
        }
        // 1000 each; a deviation of 200 is over six standard deviations.
        assert!(
            seen.len() == 6 && seen.values().all(|n| (800..1200).contains(n)),
            "{seen:?}"
        );
    }

    #[test]
    fn ids_are_32_digits_and_differ() {
        let (a, b) = (hex_128().unwrap(), hex_128().unwrap());
        assert!(a.len() == 32 && a.bytes().all(|c| c.is_ascii_hexdigit()) && a != b);
    }
}
