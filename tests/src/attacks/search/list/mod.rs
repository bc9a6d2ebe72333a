//! The searched attacks, grouped by the material that the attacker has.

mod clock;
mod padding;
mod people;
mod places;
mod replay;
mod stills;

pub use self::replay::REPLAYED;
use super::attack::{Mode, Param, Searched};
use crate::attacks::list::Expected;

/// All searched attacks.
pub fn all() -> Vec<Searched> {
    [
        replay::attacks(),
        people::attacks(),
        stills::attacks(),
        padding::attacks(),
        places::attacks(),
        clock::attacks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An attack's own parameters, followed by others.
fn params(own: &[Param], others: &[Param]) -> Vec<Param> {
    [own, others].concat()
}

/// The expected result of an attack that is stopped in every mode.
fn stopped(_: Mode) -> Expected {
    Expected::Stopped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attack_has_its_own_name_and_its_parameters_theirs() {
        let all = all();
        for (index, attack) in all.iter().enumerate() {
            assert!(all[index + 1..].iter().all(|a| a.name != attack.name));
            assert!(!attack.modes.is_empty());
            for (index, p) in attack.params.iter().enumerate() {
                assert!(p.least < p.most, "{}: {}", attack.name, p.name);
                let others = &attack.params[index + 1..];
                assert!(others.iter().all(|o| o.name != p.name), "{}", p.name);
            }
        }
    }
}
