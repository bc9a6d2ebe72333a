//! Frames of which a glance was taken lately: a closer look at one goes on from there.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use livegate_media::RgbFrame;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::analyzer::Begun;

/// How long a frame is kept. A closer look follows its glance within milliseconds.
const KEEP: Duration = Duration::from_secs(2);
/// Most memory of the frames that are kept, bytes.
const MOST_BYTES: usize = 64 << 20;
/// What a frame counts for beside its pixels, bytes: the aligned face and what was measured on it, rounded
/// up.
const BEGUN_BYTES: usize = 1 << 20;

/// A frame, decoded, and what a glance found.
pub struct Kept {
    /// The frame.
    pub frame: RgbFrame,
    /// What the analyzer goes on from.
    pub begun: Begun,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.frame.pixels.len() + BEGUN_BYTES
    }
}

/// The latest frames.
#[derive(Default)]
pub struct Recent(Mutex<VecDeque<Entry>>);

struct Entry {
    picture: Picture,
    kept: Kept,
    since: Instant,
}

/// A picture as it came, by its SHA-256: the picture itself is a part of a larger message and would keep
/// all of it in memory.
#[derive(PartialEq, Eq)]
struct Picture([u8; 32]);

impl Picture {
    fn of(image: &[u8]) -> Self {
        Self(Sha256::digest(image).into())
    }
}

impl Recent {
    /// Keeps a frame for two seconds; `image` is the picture as it came. `runtime` runs the timer after
    /// which the frame is forgotten.
    pub fn put(self: &Arc<Self>, runtime: &Handle, image: &[u8], kept: Kept) {
        let entry = Entry {
            picture: Picture::of(image),
            kept,
            since: Instant::now(),
        };
        let mut frames = self.lock();
        frames.push_back(entry);
        while frames.iter().map(|e| e.kept.bytes()).sum::<usize>() > MOST_BYTES {
            frames.pop_front();
        }
        drop(frames);
        let recent = Arc::clone(self);
        runtime.spawn(async move {
            tokio::time::sleep(KEEP).await;
            recent.forget_old();
        });
    }

    /// Takes the frame of this picture, if it is kept.
    pub fn take(&self, image: &[u8]) -> Option<Kept> {
        let picture = Picture::of(image);
        let mut frames = self.lock();
        let at = frames.iter().position(|e| e.picture == picture)?;
        frames.remove(at).map(|e| e.kept)
    }

    fn forget_old(&self) {
        self.lock().retain(|e| e.since.elapsed() < KEEP);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(bytes: usize) -> Kept {
        Kept {
            frame: RgbFrame {
                width: 1,
                height: 1,
                pixels: vec![0; bytes],
            },
            begun: Box::new(()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_is_taken_once() {
        let recent = Arc::new(Recent::default());
        recent.put(&Handle::current(), b"1", kept(8));
        assert!(recent.take(b"2").is_none());
        assert!(recent.take(b"1").is_some());
        assert!(recent.take(b"1").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_is_forgotten_though_no_other_follows() {
        let recent = Arc::new(Recent::default());
        let count = || recent.lock().len();
        recent.put(&Handle::current(), b"1", kept(8));
        tokio::time::sleep(KEEP / 2).await;
        recent.put(&Handle::current(), b"2", kept(8));
        assert_eq!(count(), 2);
        tokio::time::sleep(KEEP * 3 / 4).await;
        assert_eq!(count(), 1);
        tokio::time::sleep(KEEP).await;
        assert_eq!(count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_has_a_bound_however_small_the_frames_are() {
        let recent = Arc::new(Recent::default());
        for n in 0..200u8 {
            recent.put(&Handle::current(), &[n], kept(8));
        }
        assert!(recent.lock().len() * BEGUN_BYTES <= MOST_BYTES);
        assert!(recent.take(&[199]).is_some());
        recent.put(&Handle::current(), b"large", kept(MOST_BYTES - BEGUN_BYTES));
        assert_eq!(recent.lock().len(), 1);
    }
}
