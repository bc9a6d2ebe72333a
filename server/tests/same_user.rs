//! A process of the same user, without privileges, reads neither the memory nor the environment of a
//! server.
#![allow(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A user without rights, for tests that run as root.
const USER: u32 = 65_533;

/// Only in the server's environment and memory.
const SEAL_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// A command of that user, or of this one.
fn command(program: &Path, is_root: bool) -> Command {
    let mut command = Command::new(program);
    if is_root {
        command.uid(USER).gid(USER);
    }
    command
}

/// What a program of the same user reads of a file, if it can be opened.
fn read(file: &str, is_root: bool) -> Option<Vec<u8>> {
    let mut head = command(Path::new("/usr/bin/head"), is_root);
    let output = head.args(["-c", "100000", file]).output().unwrap();
    output.status.success().then_some(output.stdout)
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_process_of_the_same_user_reads_nothing_of_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    if is_root {
        chown(folder.path(), Some(USER), Some(USER)).unwrap();
    }
    // The user may not see the folder that it was built in.
    let binary = folder.path().join("livegate-api");
    fs::copy(env!("CARGO_BIN_EXE_livegate-api"), &binary).unwrap();
    let made = command(&binary, is_root)
        .current_dir(folder.path())
        .args(["keys", "create", "--name", "test"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");

    // Broker and store are away: the server waits for them.
    let mut server = command(&binary, is_root)
        .current_dir(folder.path())
        .env_clear()
        .env("LIVEGATE_LISTEN", "127.0.0.1:0")
        .env("LIVEGATE_AMQP_URL", "amqp://127.0.0.1:9")
        .env("LIVEGATE_REDIS_URL", "redis://127.0.0.1:9")
        .env("LIVEGATE_SEAL_KEY", SEAL_KEY)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(server.stderr.take().unwrap());
    let server = Server(server);
    let mut lines = log.lines().map(Result::unwrap);
    let listening = lines.find(|line| line.contains("127.0.0.1:"));
    assert!(listening.is_some(), "it never listened");

    let process = server.0.id();
    for file in ["environ", "maps", "auxv"] {
        let content = read(&format!("/proc/{process}/{file}"), is_root);
        assert!(content.is_none(), "{file} can be read");
    }

    // The same reader, and a process that does not hide.
    let mut open = command(Path::new("/usr/bin/sleep"), is_root);
    let open = open.arg("1000").env("KEY", SEAL_KEY).spawn().unwrap();
    let open = Server(open);
    let content = read(&format!("/proc/{}/environ", open.0.id()), is_root).unwrap();
    assert!(
        content
            .windows(SEAL_KEY.len())
            .any(|w| w == SEAL_KEY.as_bytes())
    );
}
