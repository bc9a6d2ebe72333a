//! Time that measuring takes.

use std::time::Instant;

use livegate_common::job::Cost;

use crate::analyzer::FaceAnalyzer;
use crate::onnx::thread_cpu_us;

/// Runs `work` on the calling thread and returns its result with the time that it took.
pub fn metered<T>(
    analyzer: &mut dyn FaceAnalyzer,
    work: impl FnOnce(&mut dyn FaceAnalyzer) -> T,
) -> (T, Cost) {
    let (began, began_us) = (Instant::now(), thread_cpu_us());
    analyzer.take_inference_us();
    let done = work(analyzer);
    let cost = Cost {
        cpu_us: thread_cpu_us().saturating_sub(began_us),
        inference_us: analyzer.take_inference_us(),
        occupied_us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
    };
    (done, cost)
}
