//! Shutdown signal: given once, seen by every task.

use tokio::sync::watch;

/// A handle to wait for the signal. Clones wait for the same signal.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// A handle to give the signal. Dropping it gives the signal too.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

impl Shutdown {
    /// A new signal, and the trigger that gives it.
    pub fn new() -> (Trigger, Self) {
        let (sender, receiver) = watch::channel(false);
        (Trigger(sender), Self(receiver))
    }

    /// A signal that SIGTERM or SIGINT (Ctrl-C) gives.
    ///
    /// # Errors
    /// The system's I/O error if a signal handler cannot be installed.
    pub fn on_signals() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut term, mut int) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        let (trigger, shutdown) = Self::new();
        tokio::spawn(async move {
            tokio::select! {
                _ = term.recv() => tracing::info!("Received SIGTERM"),
                _ = int.recv() => tracing::info!("Received SIGINT"),
            }
            trigger.stop();
        });
        Ok(shutdown)
    }

    /// Waits for the signal.
    pub async fn wait(&self) {
        // An error means that the trigger was dropped, which is the signal too.
        let _ = self.0.clone().wait_for(|stop| *stop).await;
    }

    /// Whether the signal has been given.
    pub fn is_given(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

impl Trigger {
    /// Gives the signal.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_sees_the_signal_given_or_dropped() {
        let (trigger, shutdown) = Shutdown::new();
        let other = shutdown.clone();
        assert!(!other.is_given());
        trigger.stop();
        other.wait().await;
        assert!(shutdown.is_given());

        let (trigger, shutdown) = Shutdown::new();
        drop(trigger);
        shutdown.wait().await;
        assert!(shutdown.is_given());
    }
}
