//! What a confined child can and cannot do.

use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::*;
use crate::clip::tools::memory_file;

/// Output and exit status of a script that runs confined as a decoder does. It can do what the shell
/// itself can: it cannot start another program.
async fn run(script: &str) -> (String, ExitStatus) {
    let input = memory_file(b"the clip").unwrap();
    let mut child = spawn(Path::new("/bin/bash"), ["-c", script], input, 10)
        .await
        .unwrap();
    let mut text = String::new();
    let mut out = child.stdout.take().unwrap();
    out.read_to_string(&mut text).await.unwrap();
    (text, child.wait().await.unwrap())
}

#[tokio::test]
async fn a_child_reads_its_input_as_often_as_it_likes() {
    let (text, status) = run("echo \"$(</proc/self/fd/0), $(</proc/self/fd/0)\"").await;
    assert_eq!(text, "the clip, the clip\n");
    assert!(status.success());
}

#[tokio::test]
async fn a_child_cannot_change_its_input_nor_write_files() {
    let script =
        "echo x > /proc/self/fd/0; echo x > /tmp/livegate-jail; echo \"$(</proc/self/fd/0)\"";
    assert_eq!(run(script).await.0, "the clip\n");
    assert!(!Path::new("/tmp/livegate-jail").exists());
}

#[tokio::test]
async fn a_child_sees_neither_files_nor_programs_nor_other_processes() {
    if !is_confined() {
        eprintln!("SKIPPED: this kernel has no Landlock");
        return;
    }
    let parent = std::process::id();
    for file in [
        "/etc/passwd",
        "/etc/hostname",
        &format!("/proc/{parent}/environ"),
    ] {
        let (text, _) = run(&format!("echo \"$(<{file})\"")).await;
        assert_eq!(text, "\n", "{file}");
    }
    for command in ["/bin/ls /", "/usr/bin/env", "/bin/cat /proc/self/fd/0"] {
        let (text, status) = run(&format!("exec {command}")).await;
        assert!(text.is_empty() && !status.success(), "{command}: {text}");
    }
}

#[tokio::test]
async fn a_child_has_no_environment_and_no_capabilities() {
    assert_eq!(run("echo $HOME$USER$CARGO").await.0, "\n");
    let input = memory_file(b"").unwrap();
    let script = "echo; while :; do :; done";
    let mut child = spawn(Path::new("/bin/bash"), ["-c", script], input, 10)
        .await
        .unwrap();
    child.stdout.as_mut().unwrap().read_u8().await.unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    for field in [
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(field), "{field} in {status}");
    }
}

#[tokio::test]
async fn a_child_does_nothing_to_other_processes() {
    let mut other = std::process::Command::new("sleep")
        .arg("1000")
        .spawn()
        .unwrap();
    let (text, _) = run(&format!("kill -9 {} && echo killed", other.id())).await;
    assert_eq!(text, "");
    assert!(other.try_wait().unwrap().is_none());
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn a_child_opens_no_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for protocol in ["tcp", "udp"] {
        let script = format!("exec 3<>/dev/{protocol}/127.0.0.1/{port} && echo connected");
        let (text, status) = run(&script).await;
        assert!(text.is_empty() && !status.success(), "{protocol}: {text}");
    }
}

#[tokio::test]
async fn a_child_that_takes_too_much_memory_fails() {
    // A string that doubles until memory runs out.
    let (_, status) = run("s=x; while :; do s=$s$s; done").await;
    assert!(!status.success());
}

#[tokio::test]
async fn a_child_that_takes_too_much_time_is_killed() {
    let input = memory_file(b"").unwrap();
    let mut child = spawn(
        Path::new("/bin/bash"),
        ["-c", "while :; do :; done"],
        input,
        1,
    )
    .await
    .unwrap();
    assert!(is_out_of_time(child.wait().await.unwrap()));
}

#[tokio::test]
async fn a_child_dies_with_the_value_that_stands_for_it() {
    let input = memory_file(b"").unwrap();
    let script = "echo; while read -r line < /proc/self/fd/0; do :; done; while :; do :; done";
    let mut child = spawn(Path::new("/bin/bash"), ["-c", script], input, 100)
        .await
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_u8().await.unwrap();
    drop(child);
    // The pipe closes when the child is dead.
    let end = tokio::time::timeout(Duration::from_secs(60), out.read_u8()).await;
    assert!(end.unwrap().is_err());
}
