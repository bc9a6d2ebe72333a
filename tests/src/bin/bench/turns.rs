//! This tree and an earlier one, in turns: both services run, and each figure is taken from one and then from the
//! other. So what the machine does meanwhile affects both alike.

use std::path::Path;
use std::sync::Arc;

use livegate_tests::client::Capture;

use crate::floor::Floor;
use crate::service::{Build, Service};
use crate::{WARM_UP, embedded, live, load, median, percentile};

/// Rounds. In every other round the earlier tree goes first.
const ROUNDS: usize = 8;
/// Verifies of one client in a round, and of four.
const ALONE: usize = 12;
const AT_ONCE: usize = 24;
/// Live frames in a round.
const LIVE: usize = 60;

/// Figures of one service, a value a round.
#[derive(Default)]
struct Figures(Vec<(&'static str, Vec<f64>)>);

impl Figures {
    fn add(&mut self, name: &'static str, value: f64) {
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some((_, values)) => values.push(value),
            None => self.0.push((name, vec![value])),
        }
    }
}

/// Compares the service of the tree at `earlier` with this one.
pub async fn measure(folder: &Path, capture: &Arc<Capture>, earlier: &Path) {
    let builds = [Build::of(earlier), Build::this()];
    let mut figures = [Figures::default(), Figures::default()];
    let mut services = Vec::new();
    for ((build, figures), name) in builds.iter().zip(&mut figures).zip(["earlier", "this"]) {
        let service = Service::api_of(build, folder, name, &[]).await;
        figures.add("ready after start, ms", service.ready_ms);
        for _ in 0..WARM_UP {
            service.verify(capture).await;
        }
        services.push(service);
    }
    let (mut floor, clip) = (Floor::new(capture), embedded::clip());
    let frames = live::frames(640, 480);
    for round in 0..ROUNDS {
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for which in order {
            let (api, figures) = (&services[which], &mut figures[which]);
            frames_of(api, capture, &mut floor, figures).await;
            let before = api.cpu_ms();
            let took = api.verify_clip(&clip).await;
            figures.add("clip of 5 s: time, ms", took.as_secs_f64() * 1e3);
            figures.add("clip of 5 s: CPU, ms", api.cpu_ms() - before);
            let before = api.cpu_ms();
            let mut times = live::send(api, &frames, LIVE).await;
            figures.add("live frame: p50, ms", percentile(&mut times, 50));
            figures.add("live frame: p95, ms", percentile(&mut times, 95));
            figures.add("live frame: CPU, ms", (api.cpu_ms() - before) / LIVE as f64);
        }
    }
    for (service, figures) in services.iter().zip(&mut figures) {
        figures.add("resident memory, peak, MB", service.peak_mb());
    }
    print(&figures);
}

async fn frames_of(api: &Service, capture: &Capture, floor: &mut Floor, figures: &mut Figures) {
    let (floor_before, before, mut times) = (floor.pass(), api.cpu_ms(), Vec::new());
    for _ in 0..ALONE {
        times.push(api.verify(capture).await);
    }
    let cpu = (api.cpu_ms() - before) / ALONE as f64;
    let run = f64::midpoint(floor_before.run, floor.pass().run);
    figures.add("8 frames, one client: p50, ms", percentile(&mut times, 50));
    figures.add("8 frames, one client: CPU, ms", cpu);
    figures.add("8 frames: CPU / floor of the models", cpu / run);
    let (rate, _) = load::rate(api, capture, 4, AT_ONCE).await;
    figures.add("8 frames, four clients: a second", rate);
}

fn print([earlier, this]: &[Figures; 2]) {
    println!("in turns, {ROUNDS} rounds, medians; ratio: the median of the rounds':");
    println!("  {:<38} {:>9} {:>9} {:>7}", "", "earlier", "this", "ratio");
    for ((name, before), (_, after)) in earlier.0.iter().zip(&this.0) {
        println!(
            "  {name:<38} {:9.2} {:9.2} {:7.3}",
            median(before.iter().copied()),
            median(after.iter().copied()),
            median(before.iter().zip(after).map(|(b, a)| a / b)),
        );
    }
}
