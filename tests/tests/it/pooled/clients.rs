//! Programs that keep connections open, each with its own idea of when one can be used again.

use std::fs;
use std::time::Duration;

use tokio::process::Command;

use super::refusing_app;
use crate::document::tools::{base_url, file, python, run, system};

/// How often each refusal is sent, one after the other and at once.
const TIMES: usize = 20;

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs a program on all refusals; gives what it found.
async fn failures(mut program: Command) -> String {
    let (app, valid, refusals) = refusing_app().await;
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls");
    let lines: Vec<String> = [&valid]
        .into_iter()
        .chain(&refusals)
        .map(|c| c.line())
        .collect();
    fs::write(&calls, lines.join("\n")).unwrap();
    program
        .env("BASE", base_url(&app))
        .env("CALLS", calls)
        .env("TIMES", TIMES.to_string());
    run(program, LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn node_js_finds_its_connections_usable_after_every_refusal() {
    let mut program = system("node");
    program.arg(file("refusals.mjs"));
    assert_eq!(failures(program).await, "done\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn python_finds_its_connections_usable_after_every_refusal() {
    let mut program = python();
    program.arg(file("refusals.py"));
    assert_eq!(failures(program).await, "done\n");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_java), ignore = "needs java")]
async fn java_finds_its_connections_usable_after_every_refusal() {
    let mut program = system("java");
    program.arg(file("Refusals.java"));
    assert_eq!(failures(program).await, "done\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_uses_its_connection_again_or_is_told_not_to() {
    let (app, valid, refusals) = refusing_app().await;
    let folder = tempfile::tempdir().unwrap();
    for refusal in &refusals {
        let mut curl = system("curl");
        for (i, call) in [&valid, refusal, &valid, refusal, &valid]
            .into_iter()
            .enumerate()
        {
            let body = folder.path().join(format!("body{}", call.size));
            fs::write(&body, call.body()).unwrap();
            if i > 0 {
                curl.arg("--next");
            }
            curl.args([
                "-sS",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code} %{num_connects}\n",
            ])
            .args(["-X", call.method, "--data-binary"])
            .arg(format!("@{}", body.display()));
            for (name, value) in &call.headers {
                curl.arg("-H").arg(format!("{name}: {value}"));
            }
            curl.arg(format!("{}{}", base_url(&app), call.path));
        }
        let told = run(curl, LIMIT).await;
        let status = refusal.status;
        let anew = if refusal.size == super::SMALL { 0 } else { 1 };
        let expected = format!("200 1\n{status} 0\n200 {anew}\n{status} 0\n200 {anew}\n");
        assert_eq!(told, expected, "{}", refusal.name);
    }
}
