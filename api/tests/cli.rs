//! The binary's command line: what goes to which stream, and with which exit code.
#![allow(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::path::Path;
use std::process::{Command, Output};

/// Runs the binary in a folder, with nothing but these variables set.
fn run(folder: &Path, vars: &[(&str, &str)], args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_livegate-api"));
    command
        .current_dir(folder)
        .env_clear()
        .envs(vars.iter().copied())
        .args(args);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_key_is_printed_alone_and_everything_else_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(
        folder.path(),
        &[],
        &[
            "keys",
            "create",
            "--name",
            "shop",
            "--requests-per-minute",
            "60",
            "--no-liveness",
        ],
    );
    assert!(made.status.success(), "{made:?}");
    let key = text(&made.stdout).strip_suffix('\n').unwrap();
    assert!(
        key.starts_with("tsk_") && key.len() > 40 && !key.contains('\n'),
        "{key}"
    );
    assert!(!text(&made.stderr).contains(key) && text(&made.stderr).contains("key_"));
    let file = std::fs::read_to_string(folder.path().join("keys.toml")).unwrap();
    assert!(
        !file.contains(key) && file.contains("name = \"shop\""),
        "{file}"
    );
    assert!(file.contains("requests_per_minute = 60") && file.contains("liveness = false"));
}

#[test]
fn a_wrong_command_line_is_2_and_says_what_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    for (args, named) in [
        (&["keys", "create"][..], "--name"),
        (
            &["keys", "create", "--name", "a", "--concurrency", "0"],
            "1..=1000",
        ),
        (&["check", ".", "--actions", "nod"], "turn_left"),
        (
            &["check", ".", "--actions", "blink", "--yaw-deg", "50"],
            "15 to 40",
        ),
        (&["check", "."], "--actions"),
        (&["nonsense"], "nonsense"),
    ] {
        let output = run(folder.path(), &[], args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            text(&output.stderr).contains(named),
            "{args:?}: {}",
            text(&output.stderr)
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_keeps_it_from_starting_is_one_sentence_and_1() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.toml"), "keys = 7").unwrap();
    for (vars, args, named) in [
        (
            &[("LIVEGATE_LISTEN", "8000")][..],
            &[][..],
            "LIVEGATE_LISTEN",
        ),
        (&[("LIVEGATE_LOG", "info=loud")], &[], "LIVEGATE_LOG"),
        (
            &[("LIVEGATE_REDIS_URL", "redis://x")],
            &[],
            "LIVEGATE_AMQP_URL",
        ),
        (&[("LIVEGATE_KEYS", "bad.toml")], &[], "bad.toml"),
        (
            &[("LIVEGATE_KEYS", "bad.toml")],
            &["keys", "create", "--name", "a"],
            "bad.toml",
        ),
        (&[("LIVEGATE_LISTEN", "127.0.0.1:0")], &[], "models"),
        (
            &[],
            &["check", "nowhere", "--actions", "blink,turn_up"],
            "nowhere",
        ),
        (
            &[],
            &["check", ".", "--actions", "blink,turn_up"],
            "8 to 20 frames",
        ),
        (&[], &["check", ".", "--actions", "blink,blink"], "twice"),
    ] {
        let output = run(folder.path(), vars, args);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{vars:?} {args:?}: {output:?}"
        );
        let last = text(&output.stderr).lines().last().unwrap();
        assert!(
            last.starts_with("livegate-api: ") && last.contains(named),
            "{last}"
        );
        assert!(output.stdout.is_empty());
    }
}
