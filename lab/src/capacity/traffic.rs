//! Messages and bytes that RabbitMQ and Redis carry, counted from the code.
//!
//! Batches and outcomes are encoded and sealed by the service's own code, with media of the size that the service times
//! name. Only Livegate's own bytes count: the frames of AMQP, of Redis' protocol, of TLS and of TCP come on top.

use bytes::Bytes;
use livegate_api::admission::capacity::LOOK_EVERY;
use livegate_common::id::{BatchId, JobId, ReplicaId, RequestId};
use livegate_common::job::{
    Batch, BatchHeader, ClipOutcome, Cost, EncodedFrame, Look, MeasuredClip, Outcome, Portrait,
    encode_batch, encode_outcome,
};
use livegate_common::seal::SealKey;
use livegate_liveness::embedding::Embedding;
use livegate_liveness::measurement::{DetectedFace, Face, FrameMeasurement, Quality};
use livegate_liveness::outcome::{ClipFrame, FrameOutcome};
use livegate_liveness::scene::{self, Scene};
use livegate_liveness::sketch::{self, Sketch};
use livegate_liveness::thresholds::ModelSetId;
use livegate_worker::BEAT;
use serde::Serialize;

use super::setup::Setup;
use super::shapes::{Piece, Shape, Shapes};

/// Pictures that a clip's outcome holds at most: two in each of five ranges of angles (worker/src/clip/portraits.rs).
const PORTRAITS: u32 = 10;

/// Calls of the store for a verify beside those of its batches. Creating the session: the key's rate, the record. The verify:
/// the key's rate, the record, the place, the claim, the end, the place given back.
const VERIFY_CALLS: f64 = 8.0;

/// Calls of the store for a live frame beside those of its batches: reading the record, swapping it.
const LIVE_CALLS: f64 = 2.0;

/// What broker and store carry a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// Messages that the broker takes; it delivers each one, too, and confirms and is acknowledged each.
    pub messages: f64,
    /// Bytes of these messages, once.
    pub message_bytes: f64,
    /// Calls of the store, without the check of its role before each, which is one command more.
    pub store_calls: f64,
    /// Bytes of outcomes that the store takes; it gives each one back, too.
    pub outcome_bytes: f64,
}

/// Why traffic cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum TrafficError {
    /// A message cannot be encoded.
    #[error(transparent)]
    Codec(#[from] livegate_common::job::CodecError),
    /// There are no random bytes for a key.
    #[error(transparent)]
    Seal(#[from] livegate_common::seal::SealError),
    /// A measurement has another shape than this module knows.
    #[error("a measurement has another shape than the traffic is counted for")]
    Shape,
}

impl Traffic {
    /// The traffic of `per_second` arrivals at this deployment.
    ///
    /// # Errors
    /// [`TrafficError`] when a message cannot be encoded.
    pub fn of(setup: &Setup, per_second: f64) -> Result<Self, TrafficError> {
        let (times, mix) = (&setup.times, &setup.mix);
        let shapes = Shapes::of(times, setup.all_threads());
        let size_of_one = |p: &Piece| p.bytes / usize::try_from(p.frames.max(1)).unwrap_or(1);
        let portrait = shapes.frames.batches.first().map_or(0, size_of_one);
        let frames = Self::one(&shapes.frames, VERIFY_CALLS, frames_messages)?;
        let clip = Self::one(&shapes.clip, VERIFY_CALLS, |p| clip_messages(p, portrait))?;
        let live = Self::one(&shapes.whole, LIVE_CALLS, frames_messages)?;
        let live_frames = mix.live * f64::from(times.live.frames);
        let media = frames
            .times(per_second * mix.frames)
            .plus(clip.times(per_second * mix.clip))
            .plus(live.times(per_second * live_frames));
        let beats = f64::from(setup.workers) / BEAT.as_secs_f64();
        let looks = f64::from(setup.replicas) / LOOK_EVERY.as_secs_f64();
        Ok(Self {
            store_calls: media.store_calls + beats + looks,
            ..media
        })
    }

    fn one(
        shape: &Shape,
        calls: f64,
        messages: impl Fn(&Piece) -> Result<(usize, usize), TrafficError>,
    ) -> Result<Self, TrafficError> {
        let mut sum = Self {
            store_calls: calls,
            ..Self::default()
        };
        for (n, piece) in (1_u32..).zip(&shape.batches) {
            let (batch, outcome) = messages(piece)?;
            sum.messages += 1.0;
            sum.message_bytes += float(batch);
            sum.outcome_bytes += float(outcome);
            // The outcome is put and deleted once. After each announcement every outstanding outcome is asked for: `n` with
            // the outcome of the n-th batch from the end, if no two arrive together.
            sum.store_calls += 2.0 + f64::from(n);
        }
        Ok(sum)
    }

    fn times(self, by: f64) -> Self {
        Self {
            messages: self.messages * by,
            message_bytes: self.message_bytes * by,
            store_calls: self.store_calls * by,
            outcome_bytes: self.outcome_bytes * by,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            message_bytes: self.message_bytes + other.message_bytes,
            store_calls: self.store_calls + other.store_calls,
            outcome_bytes: self.outcome_bytes + other.outcome_bytes,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn float(bytes: usize) -> f64 {
    bytes as f64
}

/// Sizes of a batch of frames and of its outcome, as they are sent, bytes.
fn frames_messages(piece: &Piece) -> Result<(usize, usize), TrafficError> {
    let number = usize::try_from(piece.frames).unwrap_or(1).max(1);
    let frame = |index| EncodedFrame {
        index,
        image: Bytes::from(vec![0; piece.bytes / number]),
    };
    let batch = Batch::Frames {
        frames: (0..piece.frames).map(frame).collect(),
        look: Look::Whole,
    };
    let measured = |index| Some((index, FrameOutcome::Measured(Box::new(measurement()?))));
    let frames: Option<Vec<_>> = (0..piece.frames).map(measured).collect();
    let outcome = Outcome::Frames {
        frames: frames.ok_or(TrafficError::Shape)?,
        models: ModelSetId::default(),
        cost: Cost::default(),
    };
    sizes(&batch, &outcome)
}

fn clip_messages(piece: &Piece, portrait: usize) -> Result<(usize, usize), TrafficError> {
    let frame = |_| {
        Some(ClipFrame {
            seconds: 0.0,
            measured: measurement()?,
        })
    };
    let frames: Option<Vec<_>> = (0..piece.frames).map(frame).collect();
    let portraits = (0..PORTRAITS.min(piece.frames)).map(|frame| Portrait {
        frame,
        jpeg: Bytes::from(vec![0; portrait]),
    });
    let clip = MeasuredClip {
        frames: frames.ok_or(TrafficError::Shape)?,
        portraits: portraits.collect(),
    };
    let outcome = Outcome::Clip {
        clip: ClipOutcome::Measured(clip),
        models: ModelSetId::default(),
        cost: Cost::default(),
    };
    sizes(&Batch::Clip(Bytes::from(vec![0; piece.bytes])), &outcome)
}

fn sizes(batch: &Batch, outcome: &Outcome) -> Result<(usize, usize), TrafficError> {
    let header = BatchHeader {
        id: BatchId {
            job: JobId::random(),
            batch: 0,
        },
        reply_to: ReplicaId::random(),
        deadline_ms: 1 << 41,
        sent_ms: 1 << 41,
        request: RequestId::fresh(),
        trace: None,
    };
    let key = SealKey::random()?;
    let batch = encode_batch(&header, batch, &key)?.len();
    Ok((batch, encode_outcome(&header, outcome, &key)?.len()))
}

/// A measurement with one face, of the size that the real ones have; without the thumbnail, whose size depends on the face.
fn measurement() -> Option<FrameMeasurement> {
    let face = Face {
        bounds: Default::default(),
        pose: Default::default(),
        eyes: Default::default(),
        mouth: Default::default(),
        margins: vec![Some(0.0)],
        embedding: Some(Embedding::from_raw(vec![1.0; 512])?),
        quality: Quality::default(),
        sketch: Sketch::new(vec![0; sketch::SIDE * sketch::SIDE])?,
        thumbnail: None,
        cues: Some(Default::default()),
    };
    Some(FrameMeasurement {
        width: 1280,
        height: 720,
        faces: vec![DetectedFace {
            bounds: Default::default(),
            score: 1.0,
        }],
        face: Some(face),
        scene: Some(Scene::new(vec![1.0; scene::BINS * scene::BINS])?),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::open;
    use super::*;

    fn deployed(workers: u32, replicas: u32) -> Setup {
        Setup {
            workers,
            replicas,
            ..open(1.0)
        }
    }

    #[test]
    fn capacity_a_verify_is_four_batches_of_two_frames_and_their_outcomes() {
        // Two workers with two threads each: four batches for one.
        let traffic = Traffic::of(&deployed(2, 1), 1.0).unwrap();
        let idle = Traffic::of(&deployed(2, 1), 0.0).unwrap();
        assert!((traffic.messages - 4.0).abs() < 1e-9);
        // 672 KB of JPEG. Header, nonce and tag of a message are less than 200 bytes.
        let envelope = traffic.message_bytes - 8.0 * 84_000.0;
        assert!((100.0..800.0).contains(&envelope), "{envelope}");
        // An embedding alone is 2 KB.
        let outcome = traffic.outcome_bytes / 8.0;
        assert!((2048.0..8192.0).contains(&outcome), "{outcome}");
        // 8 + 4 * 2 + (1 + 2 + 3 + 4).
        assert!((traffic.store_calls - idle.store_calls - 26.0).abs() < 1e-9);
        // Two threads in all: half as many batches.
        let few = Traffic::of(&deployed(1, 1), 1.0).unwrap();
        assert!((few.messages - 2.0).abs() < 1e-9);
    }

    #[test]
    fn capacity_workers_and_replicas_call_the_store_without_load_too() {
        let traffic = Traffic::of(&deployed(10, 3), 0.0).unwrap();
        assert!((traffic.store_calls - 8.0).abs() < 1e-9);
        assert!(traffic.messages.abs() < 1e-9);
    }
}
