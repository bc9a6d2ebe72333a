//! The clients of this project in `clients`: their own tests against a service, their packages in a
//! clean environment, and whether their generated types are those of this service.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use livegate_api::config::{ReceiptConfig, ServerConfig};
use livegate_api::keys::create::NewKey;
use livegate_tests::app::{App, Options, spawn, spawn_app};
use livegate_tests::client::Capture;
use livegate_tests::media::root;
use tokio::process::Command;

use super::camera::save_pictures;
use super::integrate::{guide, put};
use super::tools::{base_url, node_modules, python, python_of, run, save_openapi, system};

/// How long one program may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A service that signs receipts with a key in `folder`.
async fn signing(folder: &Path) -> App {
    let receipts = ReceiptConfig {
        signing_keys: Some(folder.join("signing-keys.json")),
        makes_keys: true,
        issuer: "livegate".to_owned(),
    };
    let server = ServerConfig {
        receipts,
        ..Options::default().server
    };
    let options = Options {
        server,
        ..Options::default()
    };
    spawn(options).await
}

fn clients(path: &str) -> PathBuf {
    root().join("clients").join(path)
}

/// Tells a client's tests where the service is, and gives them a live key and a test key.
async fn introduce(command: &mut Command, app: &App, folder: &Path) {
    let tests = app.add_key(&NewKey {
        test: true,
        ..NewKey::named("ci")
    });
    app.until_known(&app.client.with_key(&tests.secret)).await;
    command
        .env("TEST_KEY", tests.secret)
        .env("BASE", base_url(app))
        .env("KEY", &app.key.secret)
        .env("PICTURES", save_pictures(folder));
}

/// A copy of the TypeScript client that finds the pinned packages.
fn copy_typescript(folder: &Path) -> PathBuf {
    let copy = folder.join("typescript");
    for part in ["src", "tests", "examples"] {
        fs::create_dir_all(copy.join(part)).unwrap();
        for file in fs::read_dir(clients("typescript").join(part)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.join(part).join(file.file_name())).unwrap();
        }
    }
    for file in ["package.json", "tsconfig.json"] {
        fs::copy(clients("typescript").join(file), copy.join(file)).unwrap();
    }
    symlink(node_modules(), copy.join("node_modules")).unwrap();
    copy
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_types_are_those_of_this_service() {
    let app = spawn_app().await;
    let folder = tempfile::tempdir().unwrap();
    let mut generate = system("sh");
    generate
        .arg(clients("generate.sh"))
        .arg(save_openapi(&app, folder.path()).await)
        .arg(folder.path());
    run(generate, LIMIT).await;
    for (generated, kept) in [
        ("types.py", "python/src/livegate/types.py"),
        ("api.ts", "typescript/src/api.ts"),
    ] {
        let generated = fs::read_to_string(folder.path().join(generated)).unwrap();
        let kept = fs::read_to_string(clients(kept)).unwrap();
        assert!(
            generated == kept,
            "The API has changed. Start this service and run: \
             clients/generate.sh http://127.0.0.1:8000/openapi.json"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_passes_its_tests_against_a_service() {
    let folder = tempfile::tempdir().unwrap();
    let app = signing(folder.path()).await;
    let mut tests = python();
    tests
        .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
        .current_dir(clients("python"));
    introduce(&mut tests, &app, folder.path()).await;
    let printed = run(tests, LIMIT).await;
    assert!(!printed.contains("skipped"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_its_tests_and_its_examples_have_strict_types() {
    let mut check = python();
    check
        .args(["-m", "mypy", "--cache-dir", "/dev/null"])
        .current_dir(clients("python"));
    run(check, LIMIT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_client_compiles_and_passes_its_tests_against_a_service() {
    let folder = tempfile::tempdir().unwrap();
    let app = signing(folder.path()).await;
    let copy = copy_typescript(folder.path());
    for project in [".", "tests"] {
        let mut compile = system("node");
        compile
            .args(["node_modules/typescript/bin/tsc", "--project", project])
            .current_dir(&copy);
        run(compile, LIMIT).await;
    }
    let mut tests = system("node");
    tests.args(["--test", "--test-reporter", "tap"]);
    for name in ["receipts", "requests", "retries", "service"] {
        tests.arg(format!("dist-tests/tests/{name}.test.js"));
    }
    tests
        .current_dir(&copy)
        .env("RETRIES", clients("retries.json"));
    introduce(&mut tests, &app, folder.path()).await;
    let printed = run(tests, LIMIT).await;
    assert!(printed.contains("\n# skipped 0\n"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packages_run_the_guides_programs_in_clean_environments() {
    let app = spawn_app().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut build = system("sh");
    build.arg(clients("build.sh")).arg(folder);
    run(build, LIMIT).await;
    let package = |end: &str| {
        let mut files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        files
            .find(|path| path.to_str().unwrap().ends_with(end))
            .unwrap()
    };
    let (wheel, tarball) = (package(".whl"), package(".tgz"));

    let mut environment = system("python3");
    environment
        .args(["-m", "venv", "--without-pip", "venv"])
        .current_dir(folder);
    run(environment, LIMIT).await;
    let mut install = system("python3");
    install
        .args(["-m", "pip", "--python", "venv/bin/python", "install"])
        .args(["--quiet", "--no-index", "--no-deps"])
        .arg(wheel)
        .current_dir(folder);
    run(install, LIMIT).await;
    let project = folder.join("project");
    fs::create_dir(&project).unwrap();
    fs::write(project.join("package.json"), r#"{"private": true}"#).unwrap();
    let mut install = system("npm");
    install
        .args([
            "install",
            "--offline",
            "--silent",
            "--no-audit",
            "--no-fund",
        ])
        .arg(tarball)
        .current_dir(&project);
    run(install, LIMIT).await;

    let frames = Capture::good().0.into_iter().enumerate();
    let frames = frames.map(|(i, (phase, image))| (format!("{i:02}_{phase}.jpg"), image));
    put(&folder.join("capture"), frames);
    fs::write(folder.join("check.py"), guide().block("as `check.py`:")).unwrap();
    fs::write(project.join("check.mjs"), guide().block("as `check.mjs`:")).unwrap();
    // The environment has the client alone. What it depends on comes from the pinned packages.
    let mut python = python_of(folder.join("venv/bin/python").to_str().unwrap());
    python.arg("check.py").current_dir(folder);
    let mut node = system("node");
    node.arg("project/check.mjs").current_dir(folder);
    for (mut program, says) in [
        (python, "True ['liveness_passed', "),
        (node, "true [ 'liveness_passed', "),
    ] {
        program
            .args(["capture", "turn_left", "turn_right"])
            .env("BASE", base_url(&app))
            .env("KEY", &app.key.secret);
        let printed = run(program, LIMIT).await;
        assert!(printed.starts_with(says), "{printed}");
    }
}
