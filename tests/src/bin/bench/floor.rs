//! The floor of a verify: what the models cost by themselves, on one thread, in this process.
//!
//! The speed of a machine drifts by a third within minutes, and another machine has another speed. The ratio of what
//! the service spends to the floor, both measured within the same seconds, drifts far less. It still depends on the
//! processor: wider vector units make `run` faster, and decoding hardly.

use livegate_common::job::Look;
use livegate_media::{RgbFrame, decode};
use livegate_models::ModelSet;
use livegate_tests::client::Capture;
use livegate_tests::media::models;
use livegate_worker::IN_STEP;
use livegate_worker::analyzer::FaceAnalyzer;
use livegate_worker::onnx::{factory, thread_cpu_us};

use crate::{figure, median};

const PASSES: usize = 60;

/// Prints both shares of a verify.
pub fn measure(capture: &Capture) {
    let mut floor = Floor::new(capture);
    let passes: Vec<Pass> = (0..PASSES).map(|_| floor.pass()).collect();
    println!("a verify on one thread of this process, without a server, medians of {PASSES}:");
    let of = |share: fn(&Pass) -> f64| median(passes.iter().map(share));
    figure("CPU inside `run`: the floor", of(|p| p.run), "ms");
    figure("CPU beside it", of(|p| p.beside), "ms");
}

/// The models, loaded once, and the pictures of a verify.
pub struct Floor {
    analyzer: Box<dyn FaceAnalyzer>,
    jpegs: Vec<Vec<u8>>,
}

/// Processor time of one pass over the pictures of a verify, milliseconds.
#[derive(Clone, Copy)]
pub struct Pass {
    /// Inside ONNX Runtime's `run`: the floor.
    pub run: f64,
    /// Beside it: decoding, crops, cues, all that a worker does to pictures.
    pub beside: f64,
}

impl Floor {
    /// Loads the shipped models.
    pub fn new(capture: &Capture) -> Self {
        let set = ModelSet::load(&models(), None).unwrap();
        let mut floor = Self {
            analyzer: factory(set).unwrap()().unwrap(),
            jpegs: capture.0.iter().map(|(_, jpeg)| jpeg.clone()).collect(),
        };
        // The first pass allocates.
        floor.pass();
        floor
    }

    /// Measures all pictures once.
    pub fn pass(&mut self) -> Pass {
        self.analyzer.take_inference_us();
        let before = thread_cpu_us();
        for jpegs in self.jpegs.chunks(IN_STEP) {
            let frames: Vec<RgbFrame> = jpegs.iter().map(|jpeg| decode(jpeg).unwrap()).collect();
            let frames: Vec<&RgbFrame> = frames.iter().collect();
            let seen = self.analyzer.analyze_all(&frames, Look::Whole).unwrap();
            assert!(seen.iter().all(|seen| seen.face.is_some()));
        }
        let all = (thread_cpu_us() - before) as f64 / 1e3;
        let run = self.analyzer.take_inference_us() as f64 / 1e3;
        Pass {
            run,
            beside: all - run,
        }
    }
}
