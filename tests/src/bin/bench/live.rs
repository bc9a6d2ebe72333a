//! Measures interactive sessions: the time of one frame from request to answer, and many sessions.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use image::DynamicImage;
use image::imageops::FilterType;
use livegate_tests::media::{jpeg, portrait_frame};

use crate::percentile;
use crate::service::Service;

/// Number of frames of one client.
const FRAMES: usize = 200;
/// Time for which several clients send, seconds.
const SECONDS: u64 = 10;
/// Time between two frames of a client: 20 a second, as many as a session accepts.
const PACE: Duration = Duration::from_millis(50);
/// Number of sessions for the measurement of memory.
const SESSIONS: usize = 400;

/// Measures frames of two sizes, with one client and several, and the memory of a session.
pub async fn measure(api: &Service) {
    for (width, height) in [(640, 480), (1280, 720)] {
        let frames = frames(width, height);
        let bytes: usize = frames.iter().map(Vec::len).sum::<usize>() / frames.len();
        println!(
            "interactive, {width}x{height}, {} KB of JPEG a frame:",
            bytes / 1000
        );
        let before = api.cpu_ms();
        let mut sent = send(api, &frames, FRAMES).await;
        let cpu = (api.cpu_ms() - before) / sent.len() as f64;
        println!(
            "  one client, 20 frames a second: p50 {:6.1} ms",
            percentile(&mut sent, 50)
        );
        println!(
            "                                  p95 {:6.1} ms",
            percentile(&mut sent, 95)
        );
        println!("  CPU in all, per frame               {cpu:6.1} ms");
        for clients in [2, 8] {
            let number = SECONDS as usize * 20;
            let began = Instant::now();
            let all = join_all((0..clients).map(|_| send(api, &frames, number / 2))).await;
            let rate = all.iter().map(|times| times.len()).sum::<usize>() as f64
                / began.elapsed().as_secs_f64();
            let mut times: Vec<Duration> = all.into_iter().flatten().collect();
            println!(
                "  {clients} clients: {rate:6.1} frames a second, p50 {:6.1} ms, p95 {:6.1} ms",
                percentile(&mut times, 50),
                percentile(&mut times, 95)
            );
        }
    }
    memory(api).await;
}

/// Frames of a face that moves a little from frame to frame.
pub fn frames(width: u32, height: u32) -> Vec<Vec<u8>> {
    let frame = |i: u32| {
        let picture = DynamicImage::from(portrait_frame(640 + 4 * (i % 5), 6 * i64::from(i)));
        let picture = picture.resize_to_fill(width, height, FilterType::Triangle);
        jpeg(&picture.into_rgb8())
    };
    (0..10).map(frame).collect()
}

/// Time of each frame of one client, at 20 frames a second at most. The session's first challenge is
/// never met.
pub async fn send(api: &Service, frames: &[Vec<u8>], number: usize) -> Vec<Duration> {
    let created = api
        .client
        .interactive("challenges=OPEN_MOUTH,LOOK_UP,BLINK&timeout_seconds=60")
        .await;
    let id = created.body["session_id"].as_str().unwrap();
    let mut times = Vec::with_capacity(number);
    for frame in frames.iter().cycle().take(number) {
        let began = Instant::now();
        let answer = api.client.frame(id, frame).await;
        times.push(began.elapsed());
        assert_eq!(answer.body["state"], "in_progress", "{}", answer.body);
        tokio::time::sleep_until((began + PACE).into()).await;
    }
    api.client.cancel(id).await;
    times
}

/// Measures the memory of sessions that were begun and not ended.
async fn memory(api: &Service) {
    let frames = frames(640, 480);
    let before = api.process.memory_mb("VmRSS");
    for _ in 0..SESSIONS {
        let id = api.client.interactive_session("OPEN_MOUTH").await;
        for frame in &frames[..2] {
            api.client.frame(&id, frame).await;
        }
    }
    let each = (api.process.memory_mb("VmRSS") - before) * 1000.0 / SESSIONS as f64;
    println!("  memory, each of {SESSIONS} sessions          {each:6.1} KB");
}
