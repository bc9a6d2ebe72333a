//! Limits within one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Claim, Claimed, Limits, Load, Permit, Rate, StoreError, Window, token_interval_us};
use crate::expiring::Expiring;

/// Limits in memory. Clones share the same counts.
#[derive(Clone, Default)]
pub struct MemoryLimits(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Time at which each bucket will be full again. The Redis script explains this representation.
    full_at: Expiring<String, Instant>,
    /// Places taken, by kind of work.
    places: HashMap<String, HashMap<Uuid, Place>>,
    /// Ids in each window, the earliest first, with the times at which they entered.
    windows: Expiring<String, Vec<(Uuid, Instant)>>,
}

struct Place {
    key: String,
    weight: u32,
    work: Duration,
    until: Instant,
}

impl MemoryLimits {
    /// Limits of which nothing is taken.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, kind: &str, id: Uuid) {
        if let Some(places) = self.lock().places.get_mut(kind) {
            places.remove(&id);
        }
    }
}

/// The load that these places make, as the key `key` sees it.
fn load_of(places: &HashMap<Uuid, Place>, key: &str) -> Load {
    let (mut load, mut others) = (Load::default(), HashMap::new());
    for place in places.values() {
        load.all += place.work;
        if place.key == key {
            load.own_places += 1;
            load.own += place.work;
        } else {
            others.insert(place.key.as_str(), u64::from(place.weight));
        }
    }
    load.other_weights = others.values().sum();
    load
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn take_tokens(
        &self,
        name: &str,
        count: u32,
        capacity: u32,
        per_minute: u32,
    ) -> Result<Rate, StoreError> {
        let interval = Duration::from_micros(token_interval_us(per_minute));
        let all = interval * capacity;
        let now = Instant::now();
        let mut state = self.lock();
        let full_at = state
            .full_at
            .get(name)
            .copied()
            .unwrap_or(now)
            .clamp(now, now + all);
        let next = full_at + interval * count;
        if next > now + all {
            return Ok(Rate::RetryAfter(next - (now + all)));
        }
        state.full_at.insert(name.to_owned(), next, next - now);
        Ok(Rate::Allowed)
    }

    async fn take_place(&self, claim: &Claim<'_>) -> Result<Claimed, StoreError> {
        let (now, id) = (Instant::now(), Uuid::new_v4());
        let load = {
            let mut state = self.lock();
            let places = state.places.entry(claim.kind.to_owned()).or_default();
            places.retain(|_, place| place.until > now);
            let load = load_of(places, claim.key);
            if load.own_places >= claim.places {
                return Ok(Claimed::Full(load));
            }
            let place = Place {
                key: claim.key.to_owned(),
                weight: claim.weight,
                work: claim.work,
                until: now + claim.lease,
            };
            places.insert(id, place);
            load
        };
        let (this, kind) = (self.clone(), claim.kind.to_owned());
        let permit = Permit::new(move || this.release(&kind, id));
        Ok(Claimed::Taken(permit, load))
    }

    async fn enter(&self, window: &Window<'_>, id: Uuid) -> Result<Rate, StoreError> {
        let (now, mut state) = (Instant::now(), self.lock());
        let mut entered = state.windows.get(window.name).cloned().unwrap_or_default();
        entered.retain(|(_, at)| *at + window.lasts > now);
        if entered.iter().any(|(other, _)| *other == id) {
            return Ok(Rate::Allowed);
        }
        let most = usize::try_from(window.most).unwrap_or(usize::MAX);
        // The id that has to leave before there is room. After `most` was lowered, it is not the first.
        if let Some((_, at)) = (entered.len().checked_sub(most)).and_then(|i| entered.get(i)) {
            return Ok(Rate::RetryAfter(*at + window.lasts - now));
        }
        entered.push((id, now));
        state
            .windows
            .insert(window.name.to_owned(), entered, window.lasts);
        Ok(Rate::Allowed)
    }

    async fn leave(&self, name: &str, id: Uuid) -> Result<(), StoreError> {
        let mut state = self.lock();
        if let Some(entered) = state.windows.get_mut(name) {
            entered.retain(|(other, _)| *other != id);
        }
        Ok(())
    }
}
