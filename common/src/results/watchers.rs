//! Which tasks in this process wait for which job.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Announcements, Registration};
use crate::id::JobId;

#[derive(Default)]
pub(super) struct Watchers(Mutex<HashMap<JobId, watch::Sender<u64>>>);

impl Watchers {
    pub(super) fn watch(self: &Arc<Self>, job: JobId) -> Announcements {
        let changes = self.lock().entry(job).or_default().subscribe();
        let watchers = Arc::downgrade(self);
        let deregister = move || {
            if let Some(watchers) = watchers.upgrade() {
                watchers.forget(job);
            }
        };
        Announcements {
            changes,
            _registration: Registration(Some(Box::new(deregister))),
        }
    }

    /// Wakes the tasks that wait for `job`.
    pub(super) fn announce(&self, job: JobId) {
        if let Some(sender) = self.lock().get(&job) {
            sender.send_modify(|count| *count += 1);
        }
    }

    /// Wakes all waiting tasks, since announcements may have been lost.
    pub(super) fn announce_all(&self) {
        for sender in self.lock().values() {
            sender.send_modify(|count| *count += 1);
        }
    }

    /// Called after the registration's own receiver was dropped. Remaining receivers belong to other tasks.
    fn forget(&self, job: JobId) {
        let mut watchers = self.lock();
        if watchers
            .get(&job)
            .is_some_and(|sender| sender.receiver_count() == 0)
        {
            watchers.remove(&job);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, watch::Sender<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_is_forgotten_with_its_last_watcher() {
        let watchers = Arc::new(Watchers::default());
        let job = JobId::random();
        let (first, mut second) = (watchers.watch(job), watchers.watch(job));
        drop(first);
        watchers.announce(job);
        second.changed().await;
        drop(second);
        assert!(watchers.lock().is_empty());
        watchers.announce(job);
    }
}
