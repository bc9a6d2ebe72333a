//! The command `livegate-lab capacity`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Failure;
use super::check::in_lines;
use crate::capacity::Report;
use crate::capacity::model::ServiceTimes;
use crate::capacity::plan::{Goal, QueueLengths, search, with_workers};
use crate::capacity::setup::{Arrivals, Mix, Setup, Spacing};
use crate::capacity::traffic::Traffic;

#[derive(Args)]
pub(super) struct CapacityArgs {
    /// Verifies and live sessions that begin a second.
    #[arg(long, value_parser = rate, required_unless_present_any = ["clients", "print_service_times"])]
    verifies_per_second: Option<f64>,
    /// In place of a rate: clients that send one verify after another, and wait as long as a 429 tells them.
    #[arg(long, conflicts_with = "verifies_per_second", requires = "workers", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    clients: Option<u32>,
    /// Requests come in even time, as `bench overload` sends them, and not at random.
    #[arg(long)]
    evenly: bool,
    /// Shares of frames, clips and live sessions, as frames=0.8,clip=0.15,live=0.05.
    #[arg(long, default_value = "frames=1")]
    mix: Mix,
    /// Worker processes [default: the least number that reaches the three goals below].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    workers: Option<u32>,
    /// Largest share of requests that end without an answer, 0 to 1.
    #[arg(long, default_value_t = 0.001, value_parser = share)]
    refused_at_most: f64,
    /// Largest p95 of verifies of frames, milliseconds.
    #[arg(long, default_value_t = 1000.0, value_parser = positive)]
    p95_ms: f64,
    /// Largest part of what the workers can do that the load may need, 0.1 to 1.
    #[arg(long, default_value_t = 0.9, value_parser = part)]
    use_at_most: f64,
    /// Inference threads of each worker.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: u32,
    /// API replicas.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    replicas: u32,
    /// API keys, all of the same weight.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    keys: u32,
    /// Places of each key: most verifies that it may have in hand [default: no limit].
    #[arg(long, default_value_t = 1_000_000, hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    places: u32,
    /// Time within which a verify must end, seconds: LIVEGATE_VERIFY_TIMEOUT_SECONDS.
    #[arg(long, default_value_t = 15.0, value_parser = positive)]
    deadline: f64,
    /// Cores that client, API, broker, store and workers share [default: each worker has a core for each thread].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    cores: Option<u32>,
    /// Simulated seconds of load.
    #[arg(long, default_value_t = 60.0, value_parser = positive)]
    seconds: f64,
    /// Seconds at the start that rates and latencies leave out.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    warm_up: f64,
    /// Seed of all random numbers. The same seed gives the same figures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// File of service times [default: those that --print-service-times prints].
    #[arg(long)]
    service_times: Option<PathBuf>,
    /// Prints the file of service times that is used by default, and ends.
    #[arg(long)]
    print_service_times: bool,
    /// Prints JSON instead of tables.
    #[arg(long)]
    json: bool,
}

fn in_range(text: &str, from: f64, to: f64) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok();
    let value = value.filter(|v| (from..=to).contains(v));
    value.ok_or_else(|| format!("it must be a number from {from} to {to}"))
}

fn rate(text: &str) -> Result<f64, String> {
    in_range(text, 0.01, 100_000.0)
}

fn share(text: &str) -> Result<f64, String> {
    in_range(text, 0.0, 1.0)
}

fn part(text: &str) -> Result<f64, String> {
    in_range(text, 0.1, 1.0)
}

fn positive(text: &str) -> Result<f64, String> {
    in_range(text, 0.1, 1e6)
}

fn seconds(text: &str) -> Result<f64, String> {
    in_range(text, 0.0, 1e6)
}

impl CapacityArgs {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let mut out = std::io::stdout().lock();
        if self.print_service_times {
            out.write_all(ServiceTimes::MEASURED.as_bytes())?;
            return Ok(0);
        }
        let printed = self.simulate()?;
        out.write_all(printed.as_bytes())?;
        Ok(0)
    }

    fn simulate(self) -> Result<String, Failure> {
        if self.warm_up >= self.seconds {
            return Err("--warm-up must be shorter than --seconds".into());
        }
        let times = match &self.service_times {
            Some(path) => {
                let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
                let text = std::fs::read_to_string(path).map_err(|e| failed(&e))?;
                ServiceTimes::from_toml(&text).map_err(|e| failed(&e))?
            }
            None => ServiceTimes::from_toml(ServiceTimes::MEASURED)?,
        };
        let arrivals = match (self.verifies_per_second, self.clients) {
            (Some(per_second), _) => Arrivals::Open {
                per_second,
                spacing: if self.evenly {
                    Spacing::Even
                } else {
                    Spacing::Random
                },
            },
            (None, clients) => Arrivals::Closed {
                clients: clients.unwrap_or(1),
            },
        };
        let mut setup = Setup {
            times,
            mix: self.mix,
            arrivals,
            seconds: self.seconds,
            warm_up: self.warm_up,
            workers: self.workers.unwrap_or(1),
            threads: self.threads,
            replicas: self.replicas,
            keys: self.keys,
            places: self.places,
            deadline: Duration::from_secs_f64(self.deadline),
            cores: self.cores,
            seed: self.seed,
        };
        let report = match self.workers {
            Some(workers) => Report::new(&setup, &with_workers(&setup, workers, u64::MAX)),
            None => {
                let goal = Goal {
                    refused_at_most: self.refused_at_most,
                    p95_ms: self.p95_ms,
                    use_at_most: self.use_at_most,
                };
                let plan = search(&setup, &goal)?;
                setup.workers = plan.workers;
                let waiting = QueueLengths::of(&setup, &plan);
                Report::new(&setup, &plan.run).with_keda(waiting)
            }
        };
        let report = match self.verifies_per_second {
            Some(rate) => report.with_traffic(Traffic::of(&setup, rate)?),
            None => report,
        };
        Ok(if self.json {
            in_lines(&report)?
        } else {
            report.to_text()
        })
    }
}
