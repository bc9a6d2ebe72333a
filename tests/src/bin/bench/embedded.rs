//! Measures the embedded service.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use livegate_tests::client::Capture;
use livegate_tests::clips::made;
use livegate_tests::media::{jpeg, portrait_frame};

use crate::service::{Service, cpu_ms};
use crate::{VERIFIES, WARM_UP, figure, live, load, percentile, stages};

const CLIPS: usize = 10;

/// Measures single verifies, clips, many clients, live frames.
pub async fn measure(folder: &Path, capture: &Arc<Capture>) {
    let api = Arc::new(Service::api(folder, "embedded", &[]).await);
    one_client(&api, capture).await;
    clips(&api).await;
    println!("embedded, many clients:");
    for clients in load::CLIENTS {
        load::closed("embedded", &api, capture, clients).await;
    }
    figure("resident memory, peak", api.peak_mb(), "MB");
    live::measure(&api).await;
}

async fn one_client(api: &Service, capture: &Capture) {
    for _ in 0..WARM_UP {
        api.verify(capture).await;
    }
    let metrics = api.metrics().await;
    let (cpu_before, mut times) = (api.cpu_ms(), Vec::new());
    let client_before = cpu_ms("self");
    for _ in 0..VERIFIES {
        times.push(api.verify(capture).await);
    }
    let cpu = (api.cpu_ms() - cpu_before) / VERIFIES as f64;
    let client = (cpu_ms("self") - client_before) / VERIFIES as f64;
    let records = api.audit();
    let mean = |field: &str| {
        let last = &records[records.len() - VERIFIES..];
        let sum: f64 = last.iter().filter_map(|r| r[field].as_f64()).sum();
        sum / VERIFIES as f64
    };
    let (worker, inference) = (mean("worker_cpu_ms"), mean("inference_cpu_ms"));
    println!("embedded, one client, {VERIFIES} verifies:");
    figure("ready after start", api.ready_ms, "ms");
    figure("p50, request to answer", percentile(&mut times, 50), "ms");
    figure("p95", percentile(&mut times, 95), "ms");
    figure("CPU in all, per verify", cpu, "ms");
    figure("CPU inside `run`", inference, "ms");
    figure("CPU outside `run`", cpu - inference, "ms");
    figure("CPU of the client beside it", client, "ms");
    let share = 100.0 * inference / worker;
    figure("share of worker CPU in `run`", share, "%");
    figure("resident memory, peak", api.peak_mb(), "MB");
    stages::print(VERIFIES, &metrics, &api.metrics().await);
}

async fn clips(api: &Service) {
    let clip = clip();
    let (cpu_before, mut times) = (api.cpu_ms(), Vec::new());
    for _ in 0..CLIPS {
        times.push(api.verify_clip(&clip).await);
    }
    let cpu = (api.cpu_ms() - cpu_before) / CLIPS as f64;
    println!("embedded, one client, {CLIPS} clips of 5 s, 1280x720 at 30 frames a second:");
    figure("p50, request to answer", percentile(&mut times, 50), "ms");
    figure("CPU of the API, per clip", cpu, "ms");
}

/// A clip of a face in front of a camera, with some noise.
pub fn clip() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture.jpg");
    fs::write(&picture, jpeg(&portrait_frame(680, 0))).unwrap();
    let source = ["-loop", "1", "-framerate", "30", "-t", "5", "-i"];
    let noisy = ["-vf", "noise=alls=10:allf=t", "-pix_fmt", "yuv420p"];
    let options = [&source[..], &[picture.to_str().unwrap()], &noisy].concat();
    made(&options, "mp4")
}
