//! Properties of the simulation: what theory and docs/performance.md say about it.

use std::time::Duration;

use proptest::prelude::*;

use super::model::ServiceTimes;
use super::plan::{Goal, QueueLengths, least_by_work, search, with_workers};
use super::setup::{Arrivals, Setup, Spacing};
use super::shapes::Medium;
use super::tally::Counts;
use super::world::Run;

fn measured() -> ServiceTimes {
    ServiceTimes::from_toml(ServiceTimes::MEASURED).unwrap()
}

pub(super) fn open(per_second: f64) -> Setup {
    Setup {
        times: measured(),
        mix: "frames=1".parse().unwrap(),
        arrivals: Arrivals::Open {
            per_second,
            spacing: Spacing::Random,
        },
        seconds: 60.0,
        warm_up: 10.0,
        workers: 1,
        threads: 2,
        replicas: 1,
        keys: 1,
        places: 1_000_000,
        deadline: Duration::from_secs(15),
        cores: None,
        seed: 1,
    }
}

fn closed(clients: u32) -> Setup {
    Setup {
        arrivals: Arrivals::Closed { clients },
        ..open(1.0)
    }
}

fn run(setup: &Setup) -> Run {
    with_workers(setup, setup.workers, u64::MAX)
}

fn frames(run: &Run) -> &Counts {
    run.tally.of(Medium::Frames)
}

/// One thread, one frame for each verify, and nothing else that takes time.
fn single_server(load: f64, spread: f64) -> Setup {
    let mut setup = open(load / 0.02);
    let times = &mut setup.times;
    times.frames.number = 1;
    times.frames.thread_ms = 20.0;
    times.frames.spread = spread;
    times.frames.receive_ms = 0.0;
    times.path.seal_ms = 0.0;
    times.path.open_ms = 0.0;
    times.path.broker_ms = 0.0;
    times.path.hop_ms = 0.0;
    Setup {
        threads: 1,
        seconds: 2000.0,
        deadline: Duration::from_secs(1000),
        ..setup
    }
}

#[test]
fn capacity_waiting_is_that_of_pollaczek_and_khinchine() {
    // M/D/1 and M/M/1. Their mean wait is rho (1 + c^2) / (2 (1 - rho)) service times:
    // L. Kleinrock, "Queueing Systems, Volume I", 1975, section 5.6.
    for (load, spread) in [(0.5, 0.0), (0.8, 0.0), (0.5, 1.0), (0.7, 1.0)] {
        let run = run(&single_server(load, spread));
        let wait = frames(&run).mean().unwrap() / 20.0 - 1.0;
        // By chance a little more or less arrived than the rate says.
        let rho = run.thread_s / 2000.0;
        assert!((rho - load).abs() < 0.02, "{rho}");
        let theory = rho * (1.0 + spread * spread) / (2.0 * (1.0 - rho));
        assert!(
            (wait / theory - 1.0).abs() < 0.06,
            "load {rho}, spread {spread}: {wait}, not {theory}"
        );
    }
}

#[test]
fn capacity_every_request_ends_exactly_once() {
    for (rate, cores) in [(5.0, None), (40.0, None), (40.0, Some(2))] {
        let setup = Setup {
            mix: "frames=0.7,clip=0.2,live=0.1".parse().unwrap(),
            keys: 3,
            places: 50,
            replicas: 2,
            cores,
            seconds: 30.0,
            ..open(rate)
        };
        let run = run(&setup);
        assert_eq!(run.left, 0);
        for counts in Medium::ALL.map(|medium| run.tally.of(medium)) {
            assert!(counts.arrived > 0);
            assert_eq!(
                counts.arrived,
                counts.answered + counts.refused() + counts.late
            );
        }
    }
}

#[test]
fn capacity_the_same_seed_gives_the_same_run() {
    let setup = Setup {
        mix: "frames=0.7,clip=0.2,live=0.1".parse().unwrap(),
        seconds: 20.0,
        ..open(15.0)
    };
    assert_eq!(run(&setup), run(&setup));
    assert_ne!(
        run(&setup),
        run(&Setup {
            seed: 2,
            ..setup.clone()
        })
    );
}

#[test]
fn capacity_far_below_it_nothing_is_refused_and_nothing_waits() {
    let run = run(&open(4.0));
    assert_eq!(run.tally.failed(), 0);
    // Four batches of 28.8 ms on two threads, and 5 ms on the way.
    let p50 = frames(&run).percentile(50).unwrap();
    assert!((58.0..70.0).contains(&p50), "{p50}");
}

#[test]
fn capacity_overload_is_answered_at_capacity_and_refused_beyond() {
    let by_work = 2.0 / 0.104;
    for times in [2.0, 4.0] {
        let run = run(&Setup {
            seconds: 120.0,
            warm_up: 30.0,
            ..open(times * by_work)
        });
        let rate = run.tally.verifies_per_second();
        assert!((rate / by_work - 1.0).abs() < 0.03, "{rate} of {by_work}");
        let share = frames(&run).failed_share();
        assert!((share - (1.0 - 1.0 / times)).abs() < 0.03, "{share}");
        // What is let in ends in time: docs/performance.md, "More than it can do".
        assert_eq!(frames(&run).late, 0);
        let p95 = frames(&run).percentile(95).unwrap();
        assert!((6_500.0..8_500.0).contains(&p95), "{p95}");
    }
}

#[test]
fn capacity_live_frames_go_ahead_of_verifies() {
    let setup = Setup {
        mix: "frames=0.97,live=0.03".parse().unwrap(),
        ..open(30.0)
    };
    let run = run(&setup);
    let (live, verify) = (run.tally.of(Medium::Live), frames(&run));
    assert!(verify.refused() > 0);
    let (live, verify) = (live.percentile(95).unwrap(), verify.percentile(50).unwrap());
    // A live frame waits for what a thread has in hand, 52 ms at most, and a verify for all that came before it. In one
    // line with verifies it would wait for those that the worker holds, too.
    assert!(live < 90.0 && verify > 1_000.0, "{live} {verify}");
}

#[test]
fn capacity_a_key_that_floods_is_refused_by_its_own_share() {
    let flood = run(&open(40.0));
    assert!(frames(&flood).refused_share > 0 && frames(&flood).refused_server == 0);
    let places = run(&Setup {
        places: 16,
        ..open(40.0)
    });
    assert!(frames(&places).refused_key > 0 && frames(&places).refused_share == 0);
    let many = run(&Setup {
        keys: 1000,
        seconds: 120.0,
        ..open(60.0)
    });
    assert!(frames(&many).refused_server > 0);
}

#[test]
fn capacity_clips_use_all_threads_of_a_worker_and_their_decoder_shares_its_cores() {
    let clips = |cores| Setup {
        mix: "clip=1".parse().unwrap(),
        cores,
        ..closed(1)
    };
    let p50 = |setup: &Setup| run(setup).tally.of(Medium::Clip).percentile(50).unwrap();
    // 75 frames of 14.5 ms and 680 ms of decoding on two cores. docs/performance.md: 0.98 s.
    let two = p50(&clips(Some(2)));
    assert!((880.0..1_000.0).contains(&two), "{two}");
    // With cores to spare the decoder remains, which has one thread, and then the last frame.
    let many = p50(&clips(Some(16)));
    assert!((690.0..720.0).contains(&many), "{many}");
}

#[test]
fn capacity_fits_the_measured_figures() {
    // docs/performance.md, "Many clients", with two cores that all share.
    // Workers, threads, clients; verifies a second, p50 in ms.
    for (workers, threads, clients, rate, p50) in [
        (1, 1, 1, 8.8, 112.0),
        (1, 1, 8, 9.8, 805.0),
        (1, 2, 1, 15.4, 64.0),
        (1, 2, 8, 15.8, 489.0),
        (2, 1, 1, 16.3, 60.0),
        (2, 1, 8, 17.0, 463.0),
    ] {
        let setup = Setup {
            workers,
            threads,
            cores: Some(2),
            ..closed(clients)
        };
        let run = run(&setup);
        let (found, found_p50) = (
            run.tally.verifies_per_second(),
            frames(&run).percentile(50).unwrap(),
        );
        let what = format!(
            "{workers} x {threads}, {clients} clients: {found:.2} ({found_p50:.0}), measured {rate} ({p50})"
        );
        assert!(
            (found / rate - 1.0).abs() < 0.15 && (found_p50 / p50 - 1.0).abs() < 0.15,
            "{what}"
        );
    }
}

#[test]
fn capacity_a_search_finds_the_least_number_of_workers() {
    let (setup, goal) = (
        Setup {
            seconds: 30.0,
            ..open(60.0)
        },
        Goal {
            refused_at_most: 0.001,
            p95_ms: 300.0,
            use_at_most: 1.0,
        },
    );
    let plan = search(&setup, &goal).unwrap();
    assert!(f64::from(plan.workers) > least_by_work(&setup));
    assert!(goal.is_met(&plan.run.tally));
    let fewer = with_workers(&setup, plan.workers - 1, u64::MAX);
    assert!(!goal.is_met(&fewer.tally));
    // No number of workers makes one verify quicker than its batches.
    let impossible = Goal {
        p95_ms: 20.0,
        ..goal
    };
    assert!(search(&setup, &impossible).is_err());
}

#[test]
fn capacity_the_queue_tells_too_few_workers_where_messages_wait() {
    let lengths = |planned, short| QueueLengths { planned, short };
    assert_eq!(lengths(0.01, 2.9).value(), Some(1));
    assert_eq!(lengths(1.3, 2.9).value(), Some(2));
    assert_eq!(lengths(0.1, 0.9).value(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn capacity_more_workers_refuse_no_more_and_answer_no_later(
        rate in 10.0..60.0_f64, workers in 1..4_u32, seed in 0..1000_u64,
    ) {
        let setup = |workers| Setup { workers, seed, seconds: 20.0, warm_up: 0.0, ..open(rate) };
        let (few, more) = (run(&setup(workers)), run(&setup(workers + 1)));
        prop_assert!(more.tally.failed() <= few.tally.failed());
        let mean = |run: &Run| frames(run).mean().unwrap_or(0.0);
        prop_assert!(mean(&more) <= mean(&few) * 1.01 + 1.0, "{} {}", mean(&more), mean(&few));
    }
}
