//! `make soak`: thousands of verifies while parts of the service are killed and started again. Fails if
//! one of them is not accounted for.
//!
//! `soak [--servers tls|plain|cluster] [--verifies N] [--seed N] [--at-once N]`: the same seed gives the same
//! captures, victims and pauses.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool for whoever works on this project: it stops where something is missing"
)]

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use livegate_tests::soak::{Servers, Soak, run};

/// The servers of the service.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum On {
    /// One broker and one store with TLS, which demand certificates.
    Tls,
    /// The same without TLS.
    Plain,
    /// Three brokers in a cluster, a store with two replicas and three Sentinels.
    Cluster,
}

/// Sends thousands of verifies while parts of the service are killed.
#[derive(Parser)]
struct Arguments {
    /// The servers.
    #[arg(long, value_enum, default_value_t = On::Tls)]
    servers: On,
    /// Number of verifies.
    #[arg(long, default_value_t = 10_000)]
    verifies: usize,
    /// Seed of all random choices; drawn and printed when left out.
    #[arg(long)]
    seed: Option<u64>,
    /// Number of verifies at once.
    #[arg(long, default_value_t = 24)]
    at_once: usize,
    /// Time between two outages of broker or store, seconds.
    #[arg(long, default_value_t = 20)]
    calm: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let soak = Soak {
        servers: match arguments.servers {
            On::Tls => Servers::Tls,
            On::Plain => Servers::Plain,
            On::Cluster => Servers::Cluster,
        },
        outages: 0,
        verifies: arguments.verifies,
        at_once: arguments.at_once,
        seed: arguments.seed.unwrap_or_else(|| fastrand::u64(..1 << 32)),
        calm: Duration::from_secs(arguments.calm),
    };
    println!(
        "soak --servers {} --verifies {} --seed {}, with workers that run the scripted analyzer",
        format!("{:?}", arguments.servers).to_lowercase(),
        soak.verifies,
        soak.seed
    );
    let report = run(soak).await;
    println!("{report}");
    if report.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
