//! The optimiser: random settings, then hill climbing from the best of them.
//!
//! It hands out settings and receives their scores. The settings depend only on the seed and on the
//! scores so far.

use fastrand::Rng;

use super::attack::Param;

/// Tries without progress after which the climb restarts elsewhere.
const PATIENCE: usize = 10;
/// First step, as a share of a parameter's range.
const FIRST_STEP: f64 = 0.3;
/// Smallest step, as a share of a parameter's range.
const LEAST_STEP: f64 = 0.06;
/// Factor on the step after progress.
const LONGER: f64 = 1.25;
/// Factor on the step without progress.
const SHORTER: f64 = 0.88;

/// A setting and its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// The values, one for each parameter.
    pub values: Vec<f64>,
    /// Larger is nearer to the goal.
    pub score: f64,
}

/// Searches for the setting with the largest score.
pub struct Climber {
    params: Vec<Param>,
    rng: Rng,
    /// Number of random settings at the beginning.
    blind: usize,
    asked: usize,
    told: usize,
    /// Random settings from which no climb has started, the best last.
    starts: Vec<Tried>,
    here: Option<Tried>,
    best: Option<Tried>,
    stale: usize,
    step: f64,
}

impl Climber {
    /// A climber whose first `blind` settings are random. Everything is derived from `seed`.
    pub fn new(params: &[Param], blind: usize, seed: u64) -> Self {
        Self {
            params: params.to_vec(),
            rng: Rng::with_seed(seed),
            blind,
            asked: 0,
            told: 0,
            starts: Vec::new(),
            here: None,
            best: None,
            stale: 0,
            step: FIRST_STEP,
        }
    }

    /// The next setting to try. Several can be taken before their scores are known.
    pub fn ask(&mut self) -> Vec<f64> {
        self.asked += 1;
        if self.asked <= self.blind {
            return self.anywhere();
        }
        if self.here.is_none() || self.stale >= PATIENCE {
            self.here = self.starts.pop();
            (self.stale, self.step) = (0, FIRST_STEP);
        }
        match self.here.clone() {
            Some(here) => self.near(&here.values),
            None => self.anywhere(),
        }
    }

    /// Reports the score of a setting from `ask`, in the order in which the settings were handed out.
    pub fn tell(&mut self, values: Vec<f64>, score: f64) {
        self.told += 1;
        let tried = Tried { values, score };
        if self.best.as_ref().is_none_or(|b| score > b.score) {
            self.best = Some(tried.clone());
        }
        if self.told <= self.blind {
            let position = self.starts.partition_point(|s| s.score < score);
            self.starts.insert(position, tried);
        } else if self.here.as_ref().is_none_or(|h| score > h.score) {
            self.here = Some(tried);
            (self.stale, self.step) = (0, (self.step * LONGER).min(FIRST_STEP));
        } else {
            self.stale += 1;
            self.step = (self.step * SHORTER).max(LEAST_STEP);
        }
    }

    /// The best setting so far.
    pub fn best(&self) -> Option<&Tried> {
        self.best.as_ref()
    }

    fn anywhere(&mut self) -> Vec<f64> {
        let rng = &mut self.rng;
        let value = |p: &Param| {
            let value = p.least + (p.most - p.least) * rng.f64();
            // Nearer to no change, by a random share.
            p.off.map_or(value, |off| off + (value - off) * rng.f64())
        };
        self.params.iter().map(value).collect()
    }

    /// A setting near this one: at most three values differ.
    fn near(&mut self, values: &[f64]) -> Vec<f64> {
        let mut near = values.to_vec();
        for _ in 0..self.rng.usize(1..=3) {
            let index = self.rng.usize(0..near.len());
            let Param { least, most, .. } = self.params[index];
            // The sum of three uniform variables: mostly small steps, and some large ones.
            let normal = (0..3).map(|_| self.rng.f64()).sum::<f64>() * 2.0 - 3.0;
            near[index] = (near[index] + self.step * (most - least) * normal).clamp(least, most);
        }
        near
    }
}

#[cfg(test)]
mod tests {
    use super::super::attack::{change, param};
    use super::*;

    const PARAMS: [Param; 3] = [
        param("a", 0.0, 10.0),
        change("b", -1.0, 1.0, 0.0),
        param("c", 0.0, 1.0),
    ];

    fn climb(seed: u64, tries: usize, score: fn(&[f64]) -> f64) -> (Climber, Vec<Vec<f64>>) {
        climb_after(20, seed, tries, score)
    }

    fn climb_after(
        blind: usize,
        seed: u64,
        tries: usize,
        score: fn(&[f64]) -> f64,
    ) -> (Climber, Vec<Vec<f64>>) {
        let (mut climber, mut asked) = (Climber::new(&PARAMS, blind, seed), Vec::new());
        for _ in 0..tries / 2 {
            let two = [climber.ask(), climber.ask()];
            for values in two {
                asked.push(values.clone());
                let score = score(&values);
                climber.tell(values, score);
            }
        }
        (climber, asked)
    }

    fn hill(values: &[f64]) -> f64 {
        -(values[0] / 10.0 - 0.37).abs() - (values[1] + 0.5).abs() - (values[2] - 0.9).abs()
    }

    #[test]
    fn a_seed_gives_the_same_settings_and_another_gives_others() {
        assert_eq!(climb(1, 60, hill).1, climb(1, 60, hill).1);
        assert_ne!(climb(1, 60, hill).1, climb(2, 60, hill).1);
    }

    #[test]
    fn the_first_settings_do_not_depend_on_scores() {
        assert_eq!(climb(3, 20, hill).1, climb(3, 20, |v| -hill(v)).1);
    }

    #[test]
    fn every_value_is_in_its_range() {
        for values in climb(4, 200, |v| v.iter().sum()).1 {
            for (value, p) in values.iter().zip(&PARAMS) {
                assert!((p.least..=p.most).contains(value), "{values:?}");
            }
        }
    }

    #[test]
    fn climbing_finds_more_than_chance() {
        let found = |blind| {
            let best = |seed| climb_after(blind, seed, 60, hill).0.best().unwrap().score;
            (0..10).map(best).sum::<f64>()
        };
        assert!(found(20) > found(60), "{} {}", found(20), found(60));
    }
}
