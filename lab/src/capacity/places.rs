//! Places that are taken, as the store counts them: sums for each key, and of all keys.

use std::time::Duration;

use livegate_common::limits::Load;

/// The work in hand of each key. Keys are numbers from 0.
pub struct Places {
    keys: Vec<OfKey>,
    all: Duration,
    weights: u64,
}

#[derive(Clone, Copy, Default)]
struct OfKey {
    places: u32,
    work: Duration,
}

impl Places {
    /// No work in hand, for this number of keys.
    pub fn new(keys: usize) -> Self {
        Self {
            keys: vec![OfKey::default(); keys],
            all: Duration::ZERO,
            weights: 0,
        }
    }

    /// The load as this key sees it. Every key has the same weight.
    pub fn load(&self, key: usize, weight: u32) -> Load {
        let own = self.keys.get(key).copied().unwrap_or_default();
        let of_own = if own.places > 0 { u64::from(weight) } else { 0 };
        Load {
            own_places: own.places,
            own: own.work,
            all: self.all,
            other_weights: self.weights - of_own,
        }
    }

    /// Takes a place of this key.
    pub fn take(&mut self, key: usize, weight: u32, work: Duration) {
        if let Some(own) = self.keys.get_mut(key) {
            if own.places == 0 {
                self.weights += u64::from(weight);
            }
            own.places += 1;
            own.work += work;
            self.all += work;
        }
    }

    /// Frees a place of this key.
    pub fn free(&mut self, key: usize, weight: u32, work: Duration) {
        if let Some(own) = self.keys.get_mut(key) {
            own.places -= 1;
            own.work -= work;
            self.all -= work;
            if own.places == 0 {
                self.weights -= u64::from(weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use livegate_common::limits::{Claim, Claimed, Limits, MemoryLimits};

    use super::*;

    #[tokio::test]
    async fn capacity_places_are_counted_as_the_store_counts_them() {
        let (store, mut places) = (MemoryLimits::new(), Places::new(3));
        let mut rng = fastrand::Rng::with_seed(7);
        let mut held = Vec::new();
        for _ in 0..300 {
            if rng.bool() && !held.is_empty() {
                let (permit, key, work) = held.swap_remove(rng.usize(..held.len()));
                drop::<livegate_common::limits::Permit>(permit);
                places.free(key, 10, work);
                continue;
            }
            let (key, work) = (rng.usize(..3), Duration::from_millis(rng.u64(1..500)));
            let name = key.to_string();
            let claim = Claim {
                kind: "verify",
                key: &name,
                places: 1000,
                weight: 10,
                work,
                lease: Duration::from_secs(1000),
            };
            let Ok(Claimed::Taken(permit, load)) = store.take_place(&claim).await else {
                panic!("there is no limit");
            };
            assert_eq!(places.load(key, 10), load);
            places.take(key, 10, work);
            held.push((permit, key, work));
        }
    }
}
