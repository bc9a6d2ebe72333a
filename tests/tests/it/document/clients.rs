//! Clients that well-kept generators make of `/openapi.json`, used as an integrator would: typed
//! sessions, verdicts of both kinds, a status, a health check and errors.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use livegate_tests::app::{App, spawn_app};
use tokio::process::Command;

use super::camera::save_pictures;
use super::tools::{base_url, file, node, node_modules, python, run, save_openapi, system};

/// How long generating a client, checking it or using it may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Tells a program in `folder` where the API, its key and its camera are.
fn introduce(command: &mut Command, app: &App, folder: &Path) {
    command
        .current_dir(folder)
        .env("BASE", base_url(app))
        .env("KEY", &app.key.secret)
        .env("CAMERA", file("camera.mjs"))
        .env("PICTURES", save_pictures(folder));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_python_client_gets_typed_answers() {
    let app = spawn_app().await;
    let folder = tempfile::tempdir().unwrap();
    let mut generate = python();
    generate
        .args(["-m", "openapi_python_client", "generate"])
        // It leaves out what it does not understand, and says so in a warning.
        .args(["--fail-on-warning", "--meta", "none", "--path"])
        .arg(save_openapi(&app, folder.path()).await)
        .arg("--config")
        .arg(file("openapi-python-client.yml"))
        .arg("--output-path")
        .arg(folder.path().join("livegate_client"));
    run(generate, LIMIT).await;
    // A program's own folder is where Python looks first: there it finds the client.
    let program = folder.path().join("client.py");
    fs::copy(file("client.py"), &program).unwrap();
    let mut client = python();
    client.arg(program);
    introduce(&mut client, &app, folder.path());
    assert_eq!(run(client, LIMIT).await, "done\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_typescript_client_compiles_and_gets_typed_answers() {
    let app = spawn_app().await;
    let folder = tempfile::tempdir().unwrap();
    let mut generate = node("openapi-typescript/bin/cli.js");
    generate
        .arg(save_openapi(&app, folder.path()).await)
        .arg("--output")
        .arg(folder.path().join("api.d.ts"));
    run(generate, LIMIT).await;
    fs::copy(file("client.mts"), folder.path().join("client.mts")).unwrap();
    symlink(node_modules(), folder.path().join("node_modules")).unwrap();
    let mut compile = node("typescript/bin/tsc");
    compile
        .args([
            "--strict",
            "--noUncheckedIndexedAccess",
            "--noEmitOnError",
            "--skipLibCheck",
        ])
        .args([
            "--module", "nodenext", "--target", "es2022", "--types", "node",
        ])
        .arg("client.mts")
        .current_dir(folder.path());
    run(compile, LIMIT).await;
    let mut client = system("node");
    client.arg("client.mjs");
    introduce(&mut client, &app, folder.path());
    assert_eq!(run(client, LIMIT).await, "done\n");
}
