//! Limits within one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Limits, Permit, Rate, StoreError, token_interval_us};
use crate::expiring::Expiring;

/// Limits in memory. Clones share the same counts.
#[derive(Clone, Default)]
pub struct MemoryLimits(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Time at which each bucket will be full again. The Redis script explains this representation.
    full_at: Expiring<String, Instant>,
    places: HashMap<String, HashMap<Uuid, Instant>>,
}

impl MemoryLimits {
    /// Limits of which nothing is taken.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, name: &str, id: Uuid) {
        let mut state = self.lock();
        if let Some(places) = state.places.get_mut(name) {
            places.remove(&id);
            if places.is_empty() {
                state.places.remove(name);
            }
        }
    }
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn take_token(
        &self,
        name: &str,
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
        let next = full_at + interval;
        if next > now + all {
            return Ok(Rate::RetryAfter(next - (now + all)));
        }
        state.full_at.insert(name.to_owned(), next, next - now);
        Ok(Rate::Allowed)
    }

    async fn acquire(
        &self,
        name: &str,
        max: u32,
        lease: Duration,
    ) -> Result<Option<Permit>, StoreError> {
        let (now, id) = (Instant::now(), Uuid::new_v4());
        {
            let mut state = self.lock();
            let places = state.places.entry(name.to_owned()).or_default();
            places.retain(|_, until| *until > now);
            if places.len() >= usize::try_from(max).unwrap_or(usize::MAX) {
                return Ok(None);
            }
            places.insert(id, now + lease);
        }
        let (this, name) = (self.clone(), name.to_owned());
        Ok(Some(Permit::new(move || this.release(&name, id))))
    }
}
