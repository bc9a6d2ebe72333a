//! Measures the embedded service.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use livegate_tests::client::Capture;
use livegate_tests::clips::made;
use livegate_tests::media::{jpeg, portrait_frame};

use crate::counted::Counting;
use crate::floor::{Floor, Pass};
use crate::service::{Service, cpu_ms};
use crate::{VERIFIES, WARM_UP, figure, live, load, percentile, stages};

const CLIPS: usize = 10;
/// Verifies between two looks at the floor.
const A_ROUND: usize = 5;

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
    let mut floor = Floor::new(capture);
    let metrics = api.metrics().await;
    let (mut cpu, mut client, mut times, mut passes) = (0.0, 0.0, Vec::new(), Vec::new());
    for _ in 0..VERIFIES / A_ROUND {
        passes.push(floor.pass());
        let before = (api.cpu_ms(), cpu_ms("self"));
        for _ in 0..A_ROUND {
            times.push(api.verify(capture).await);
        }
        cpu += (api.cpu_ms() - before.0) / VERIFIES as f64;
        client += (cpu_ms("self") - before.1) / VERIFIES as f64;
    }
    let floor = |of: fn(&Pass) -> f64| passes.iter().map(of).sum::<f64>() / passes.len() as f64;
    let (floor, beside) = (floor(|p| p.run), floor(|p| p.beside));
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
    println!("the models alone, one thread, in turns with these:");
    figure("floor: CPU inside `run`", floor, "ms");
    figure("a worker's CPU beside it", beside, "ms");
    println!("  CPU in all / floor           {:8.2}", cpu / floor);
    stages::print(VERIFIES, &metrics, &api.metrics().await);
    instructions(api, capture).await;
}

async fn instructions(api: &Service, capture: &Capture) {
    let Some(counting) = Counting::of(api.process.id()) else {
        return println!("  instructions a verify: not counted on this machine");
    };
    for _ in 0..A_ROUND {
        api.verify(capture).await;
    }
    if let Some(all) = counting.end() {
        figure(
            "instructions a verify",
            all / 1e6 / A_ROUND as f64,
            "million",
        );
    }
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
