//! Programs that are not ours, run against the API.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use livegate_tests::app::App;
use livegate_tests::media::root;
use tokio::process::Command;
use tokio::time::timeout;

/// A file of ours that such a program is given.
pub fn file(name: &str) -> PathBuf {
    root().join("tests/tools").join(name)
}

/// A program of the system, which sees no proxy: the server is on this machine.
pub fn system(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env("no_proxy", "*")
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Python, which finds the pinned packages and our own files.
pub fn python() -> Command {
    python_of("python3")
}

/// The same with another interpreter, such as that of a virtual environment.
pub fn python_of(interpreter: &str) -> Command {
    let packages = installed("python", "requirements.txt");
    let mut path = packages.into_os_string();
    path.push(":");
    path.push(file(""));
    let mut command = system(interpreter);
    command
        .env("PYTHONPATH", path)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Node.js, running a program of a pinned package.
pub fn node(program: &str) -> Command {
    let mut command = system("node");
    command.arg(node_modules().join(program));
    command
}

/// The pinned packages for Node.js.
pub fn node_modules() -> PathBuf {
    installed("node", "package-lock.json").join("node_modules")
}

/// The folder of tools that were installed at the versions pinned now.
fn installed(kind: &str, pins: &str) -> PathBuf {
    let folder = root().join("target/tools").join(kind);
    let pinned = fs::read(file(pins)).unwrap();
    assert!(
        fs::read(folder.join(pins)).is_ok_and(|installed| installed == pinned),
        "The tools of tests/tools/{pins} are not in {}: `make test` installs them.",
        folder.display()
    );
    folder
}

/// Runs a program to its end and gives what it printed; ends the test when it fails or takes
/// longer than `limit`.
pub async fn run(mut command: Command, limit: Duration) -> String {
    let shown = format!("{:?}", command.as_std());
    let program = command.as_std().get_program().to_owned();
    let running = command.output();
    let output = timeout(limit, running)
        .await
        .unwrap_or_else(|_| panic!("still running after {limit:?}: {shown}"))
        .unwrap_or_else(|error| panic!("{program:?}: {error}; `make test` installs it"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {shown}\n{printed}\n{complaints}",
        output.status
    );
    printed
}

/// Where the API is.
pub fn base_url(app: &App) -> String {
    format!("http://{}", app.client.address())
}

/// Writes what `/openapi.json` answers into a folder.
pub async fn save_openapi(app: &App, folder: &Path) -> PathBuf {
    let answer = app.client.without_key().get("/openapi.json").await;
    assert_eq!(answer.status, 200);
    let path = folder.join("openapi.json");
    fs::write(&path, answer.body.to_string()).unwrap();
    path
}
