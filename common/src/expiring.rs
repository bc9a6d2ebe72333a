//! A map whose entries expire. The in-memory stores keep their records in it.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// Shortest interval between two searches of a write for expired entries.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// A map whose entries expire. Times are tokio's, so that tests can pause and advance them.
pub(crate) struct Expiring<K, V> {
    entries: HashMap<K, (V, Instant)>,
    next_sweep: Instant,
}

impl<K, V> Default for Expiring<K, V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            next_sweep: Instant::now() + SWEEP_EVERY,
        }
    }
}

impl<K: Eq + Hash, V> Expiring<K, V> {
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.entries
            .get(key)
            .filter(|(_, until)| *until > Instant::now())
            .map(|(value, _)| value)
    }

    pub(crate) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.entries
            .get_mut(key)
            .filter(|(_, until)| *until > Instant::now())
            .map(|(value, _)| value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V, keep: Duration) {
        let now = Instant::now();
        // At most once a second. Without this, entries that are never read again would pile up.
        if now >= self.next_sweep {
            self.entries.retain(|_, (_, until)| *until > now);
            self.next_sweep = now + SWEEP_EVERY;
        }
        self.entries.insert(key, (value, now + keep));
    }

    pub(crate) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let (value, until) = self.entries.remove(key)?;
        (until > Instant::now()).then_some(value)
    }

    /// The entries that have not expired.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        let now = Instant::now();
        let left = self.entries.values().filter(move |(_, until)| *until > now);
        left.map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_entry_is_gone_when_its_time_is_over() {
        let mut map = Expiring::default();
        map.insert("a", 1, Duration::from_millis(100));
        assert_eq!((map.get("a"), map.values().count()), (Some(&1), 1));
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!((map.get("a"), map.values().count()), (None, 0));
        assert_eq!(map.remove("a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn forgotten_entries_do_not_pile_up() {
        let mut map = Expiring::default();
        for i in 0..10_000 {
            map.insert(i, (), Duration::from_millis(50));
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert!(
            map.entries.len() <= 101 + 5,
            "{} entries are held",
            map.entries.len()
        );
    }
}
