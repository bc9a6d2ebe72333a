//! Frames of which a glance was taken lately: a closer look at one goes on from there.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use livegate_media::RgbFrame;
use tokio::time::Instant;

use crate::analyzer::Begun;

/// How long a frame is kept. A closer look follows its glance within milliseconds.
pub const KEEP: Duration = Duration::from_secs(2);
/// Most pixels that are kept, bytes.
const MOST_BYTES: usize = 64 << 20;

/// A frame, decoded, and what a glance found.
pub struct Kept {
    /// The frame.
    pub frame: RgbFrame,
    /// What the analyzer goes on from.
    pub begun: Begun,
}

/// The latest frames, the oldest first.
#[derive(Default)]
pub struct Recent(Mutex<VecDeque<(Bytes, Kept, Instant)>>);

impl Recent {
    /// Keeps a frame; `image` is the picture as it came.
    pub fn put(&self, image: Bytes, kept: Kept) {
        let mut frames = self.lock();
        frames.push_back((image, kept, Instant::now()));
        let bytes = |frames: &VecDeque<(Bytes, Kept, Instant)>| -> usize {
            frames.iter().map(|(_, k, _)| k.frame.pixels.len()).sum()
        };
        while bytes(&frames) > MOST_BYTES {
            frames.pop_front();
        }
    }

    /// Takes the frame of this picture, if it is kept.
    pub fn take(&self, image: &Bytes) -> Option<Kept> {
        let mut frames = self.lock();
        let at = frames.iter().position(|(kept, _, _)| kept == image)?;
        frames.remove(at).map(|(_, kept, _)| kept)
    }

    /// Forgets the frames that are older than [`KEEP`].
    pub fn forget_old(&self) {
        let mut frames = self.lock();
        while frames
            .front()
            .is_some_and(|(_, _, at)| at.elapsed() >= KEEP)
        {
            frames.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Bytes, Kept, Instant)>> {
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
    async fn a_frame_is_taken_once_and_for_a_while_and_there_is_a_limit() {
        let recent = Recent::default();
        let image = |n: u8| Bytes::from(vec![n; 4]);
        recent.put(image(1), kept(8));
        assert!(recent.take(&image(2)).is_none());
        assert!(recent.take(&image(1)).is_some());
        assert!(recent.take(&image(1)).is_none());
        recent.put(image(1), kept(8));
        tokio::time::advance(KEEP / 2).await;
        recent.put(image(2), kept(8));
        tokio::time::advance(KEEP / 2).await;
        recent.forget_old();
        assert!(recent.take(&image(1)).is_none());
        recent.put(image(3), kept(MOST_BYTES));
        assert!(recent.take(&image(2)).is_none());
        assert!(recent.take(&image(3)).is_some());
    }
}
