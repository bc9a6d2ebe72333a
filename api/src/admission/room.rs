//! Whether work can end in time, and is admitted.

use std::time::Duration;

use livegate_common::limits::Load;

/// Part of the time limit that a key's work may fill, if it gets no more than its share of the threads. The rest is for
/// what the estimate does not know.
const OWN_PART: f64 = 0.5;

/// Part of the time limit that the work of all keys together may fill. More than [`OWN_PART`]: a key that has nothing in
/// hand finds room although another one has filled its own part.
const ALL_PART: f64 = 0.8;

/// Work that a key's share can do within this part of the time limit is let in whatever the others have in hand. A key
/// with one capture that fills the server by itself must not keep the others out.
const QUICK_PART: f64 = 0.125;

/// Added to the time after which there is room, so that there is.
const ROUNDING: Duration = Duration::from_millis(1);

/// The threads there are, and the time that work may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Number of threads that do this work, at least a part of one.
    pub threads: f64,
    /// Time within which the work must be done.
    pub limit: Duration,
}

/// Why work is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The key's own work fills its share.
    Share {
        /// Time after which the key's own work is expected to leave room.
        retry_after: Duration,
    },
    /// The work of all keys fills the server.
    Server {
        /// Time after which the work in hand is expected to leave room.
        retry_after: Duration,
    },
}

impl Room {
    /// Whether `work` of a key with this weight, in thread time, can be expected to end well within the limit.
    ///
    /// Where several keys have work in hand, each can count on the share of its weight. A key's work must end in time
    /// on its share alone, so that it still does when others come. A key that has nothing in hand needs only room
    /// among the work of all, or a share that does its work quickly. Where nothing is in hand at all, everything is admitted: its cost is then measured, so
    /// that a wrong estimate never refuses for ever.
    ///
    /// # Errors
    /// [`Full`], with the time after which the work in hand will have left room.
    pub fn admit(&self, load: &Load, weight: u32, work: Duration) -> Result<(), Full> {
        if load.all.is_zero() {
            return Ok(());
        }
        let limit = self.limit.as_secs_f64();
        let ends = |ahead: Duration, threads: f64| (ahead + work).as_secs_f64() / threads;
        let own = ends(load.own, self.threads * share(load, weight));
        if own <= QUICK_PART * limit {
            return Ok(());
        }
        // What is in hand ends within the limit, whatever was expected of it.
        let after = |seconds: f64| Duration::from_secs_f64(seconds.min(limit)) + ROUNDING;
        if own > OWN_PART * limit && !load.own.is_zero() {
            let retry_after = after(own - OWN_PART * limit);
            return Err(Full::Share { retry_after });
        }
        let all = ends(load.all, self.threads);
        if all > ALL_PART * limit {
            let retry_after = after(all - ALL_PART * limit);
            return Err(Full::Server { retry_after });
        }
        Ok(())
    }

    /// Time until one of the key's pieces of work in hand is expected to end, if they end one after the other.
    pub fn next_end(&self, load: &Load, weight: u32) -> Duration {
        let places = f64::from(load.own_places.max(1));
        let threads = self.threads * share(load, weight);
        Duration::from_secs_f64(load.own.as_secs_f64() / threads / places).min(self.limit)
    }
}

/// The part of the threads that a key of this weight can count on.
fn share(load: &Load, weight: u32) -> f64 {
    let weight = f64::from(weight.max(1));
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let others = load.other_weights as f64;
    weight / (weight + others)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOM: Room = Room {
        threads: 2.0,
        limit: Duration::from_secs(15),
    };

    fn load(own: f64, all: f64, other_weights: u64) -> Load {
        Load {
            own_places: u32::from(own > 0.0),
            own: Duration::from_secs_f64(own),
            all: Duration::from_secs_f64(all),
            other_weights,
        }
    }

    fn admits(load: &Load, work: f64) -> bool {
        ROOM.admit(load, 10, Duration::from_secs_f64(work)).is_ok()
    }

    #[test]
    fn a_key_alone_fills_half_of_the_time_and_a_share_of_it_beside_another() {
        assert!(admits(&load(14.9, 14.9, 0), 0.1));
        assert!(!admits(&load(14.9, 14.9, 0), 0.2));
        assert!(admits(&load(7.4, 7.5, 10), 0.1));
        assert!(!admits(&load(7.4, 7.5, 10), 0.2));
    }

    #[test]
    fn a_key_with_nothing_in_hand_finds_room_beside_one_that_floods() {
        assert!(admits(&load(0.0, 15.0, 10), 0.1));
        assert!(!admits(&load(0.0, 24.0, 10), 3.0));
        // Whatever is in hand, as long as its own share is quick.
        assert!(admits(&load(0.0, 100.0, 10), 1.5));
        assert!(!admits(&load(1.0, 100.0, 10), 1.5));
    }

    #[test]
    fn two_long_clips_fit_and_a_third_is_refused_at_once() {
        // 30 seconds of a clip are about 7 seconds of one thread.
        assert!(admits(&load(7.0, 7.0, 0), 7.0));
        assert!(!admits(&load(14.0, 14.0, 0), 7.0));
    }

    proptest! {
        #[test]
        fn waiting_as_long_as_was_said_makes_room(
            own in 0.0..40.0_f64, others in 0.0..40.0_f64, work in 0.01..5.0_f64,
            weight in 1..50_u32, other_weights in 0..100_u64, threads in 0.3..16.0_f64,
        ) {
            let room = Room { threads, ..ROOM };
            let work = Duration::from_secs_f64(work);
            let others = if other_weights == 0 { 0.0 } else { others };
            let before = load(own, own + others, other_weights);
            let mut left = before;
            let (mut waits, mut reasons) = (0, 0);
            while let Err(full) = room.admit(&left, weight, work) {
                let (Full::Share { retry_after } | Full::Server { retry_after }) = full;
                // Meanwhile the threads work, and each key has its share.
                let done = retry_after.as_secs_f64() * threads;
                let of_own = Duration::from_secs_f64(done * share(&before, weight));
                left.own = left.own.saturating_sub(of_own);
                left.all = left.all.saturating_sub(Duration::from_secs_f64(done));
                waits += 1;
                prop_assert!(retry_after <= room.limit + ROUNDING);
                // Once for each reason, and again where the limit was said.
                let is_said = u32::from(retry_after < room.limit);
                reasons += is_said;
                prop_assert!(reasons <= 3 && waits < 100_000);
            }
        }

        #[test]
        fn an_idle_server_admits_anything(work in 0.0..1e6_f64, threads in 0.3..2.0_f64) {
            let room = Room { threads, ..ROOM };
            let nothing = load(0.0, 0.0, 0);
            prop_assert!(room.admit(&nothing, 1, Duration::from_secs_f64(work)).is_ok());
        }
    }
}
