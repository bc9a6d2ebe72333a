//! The measuring tool.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use livegate_tests::fleet::binary;

/// How long a step may take on a machine that runs other tests.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn the_bench_ends_its_services_with_itself() {
    for signal in ["TERM", "INT", "KILL"] {
        let mut bench = Command::new(binary("bench"))
            .arg("embedded")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        let service = loop {
            if let Some(service) = child_of(bench.id(), "livegate-api") {
                break service;
            }
            assert!(began.elapsed() < PATIENCE, "no service is started");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let id = bench.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.unwrap().success());
        bench.wait().unwrap();
        let began = Instant::now();
        while runs(service) {
            assert!(began.elapsed() < PATIENCE, "{signal}: the service goes on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The process of this name whose parent this is.
fn child_of(parent: u32, name: &str) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").unwrap();
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.into_iter()
        .find(|id| stat(*id).is_some_and(|stat| stat.name == name && stat.parent == parent))
}

/// Whether a process does anything still: one that has ended may wait for its new parent to notice.
fn runs(id: u32) -> bool {
    stat(id).is_some_and(|stat| !["Z", "X"].contains(&stat.state.as_str()))
}

/// What `/proc` says of a process.
struct Stat {
    name: String,
    state: String,
    parent: u32,
}

fn stat(id: u32) -> Option<Stat> {
    let file: PathBuf = ["/proc", &id.to_string(), "stat"].iter().collect();
    let text = std::fs::read_to_string(file).ok()?;
    let (name, rest) = text.split_once('(')?.1.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    Some(Stat {
        name: name.to_owned(),
        state: fields.next()?.to_owned(),
        parent: fields.next()?.parse().ok()?,
    })
}
