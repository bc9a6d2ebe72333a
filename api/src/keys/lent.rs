//! Keys that the service lends to its own demo page: for minutes, and in memory only.

use std::sync::{Arc, RwLock};

use super::edit::new_secret;
use super::{KeyHash, KeyRecord, KeyRing, Secret};
use crate::contract::defaults::SessionDefaults;

/// Id of every lent key. An id of the key file has no dot, so that none of them is this one.
const ID: &str = "demo.page";
/// How long a lent key counts, milliseconds.
pub const LENT_FOR_MS: u64 = 10 * 60 * 1000;
/// Lent keys at once. The oldest one ends when another is lent.
const MOST: usize = 16;
/// Limits of all lent keys together: enough for the people at one machine.
const REQUESTS_PER_MINUTE: u32 = 60;
const CONCURRENCY: u32 = 2;

/// The lent keys.
#[derive(Default)]
pub struct LentKeys(RwLock<KeyRing>);

impl LentKeys {
    /// Lends a key: its secret, which counts until `now_ms` (Unix milliseconds) plus [`LENT_FOR_MS`].
    pub fn lend(&self, now_ms: u64) -> String {
        let secret = new_secret(false);
        let key = Arc::new(KeyRecord {
            id: ID.to_owned(),
            name: "the demo page".to_owned(),
            is_test: false,
            liveness: true,
            requests_per_minute: REQUESTS_PER_MINUTE,
            concurrency: CONCURRENCY,
            attempts: None,
            defaults: SessionDefaults::default(),
        });
        let mut ring = self.0.write().unwrap_or_else(|error| error.into_inner());
        ring.0
            .retain(|lent| lent.until_ms.is_some_and(|until| now_ms < until));
        if ring.0.len() >= MOST {
            ring.0.remove(0);
        }
        ring.0.push(Secret {
            hash: KeyHash::of(&secret),
            until_ms: Some(now_ms + LENT_FOR_MS),
            key,
        });
        secret
    }

    /// The lent key whose secret is `presented`, if it counts at `now_ms`.
    pub fn find(&self, presented: &str, now_ms: u64) -> Option<Arc<KeyRecord>> {
        self.ring().find(presented, now_ms)
    }

    /// The lent key with this id, if any of its secrets counts at `now_ms`.
    pub fn with_id(&self, id: &str, now_ms: u64) -> Option<Arc<KeyRecord>> {
        self.ring().with_id(id, now_ms)
    }

    fn ring(&self) -> std::sync::RwLockReadGuard<'_, KeyRing> {
        self.0.read().unwrap_or_else(|error| error.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lent_key_ends_by_itself() {
        let lent = LentKeys::default();
        let secret = lent.lend(1_000);
        assert!(lent.find(&secret, 1_000 + LENT_FOR_MS - 1).is_some());
        assert!(lent.with_id(ID, 1_000).is_some());
        assert!(lent.find(&secret, 1_000 + LENT_FOR_MS).is_none());
        assert!(lent.with_id(ID, 1_000 + LENT_FOR_MS).is_none());
        assert!(lent.find("tsk_guess", 1_000).is_none());
    }

    #[test]
    fn however_many_are_lent_few_count() {
        let lent = LentKeys::default();
        let first = lent.lend(0);
        let secrets: Vec<_> = (0..MOST).map(|_| lent.lend(0)).collect();
        assert!(lent.find(&first, 0).is_none());
        assert!(secrets.iter().all(|secret| lent.find(secret, 0).is_some()));
    }
}
