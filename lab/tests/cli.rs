//! The binary's command line: its answers to wrong arguments.
#![allow(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::path::Path;
use std::process::{Command, Output};

/// Runs the binary in a folder, with no variables set.
fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_livegate-lab"));
    command.current_dir(folder).env_clear().args(args);
    command.output().unwrap()
}

fn errors(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn a_wrong_command_line_is_2_and_says_what_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    for (args, named) in [
        (&["check", ".", "--actions", "nod"][..], "turn_left"),
        (
            &["check", ".", "--actions", "blink", "--yaw-deg", "50"],
            "15 to 40",
        ),
        (&["check", "."], "--actions"),
        (&["payload", ".", "--session", ""], "live_ and 32"),
        (&["nonsense"], "nonsense"),
    ] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            errors(&output).contains(named),
            "{args:?}: {}",
            errors(&output)
        );
    }
}

#[test]
fn a_capture_that_cannot_be_judged_is_one_sentence_and_1() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "nothing to see").unwrap();
    for (args, named) in [
        (
            &["check", "nowhere", "--actions", "blink,turn_up"][..],
            "nowhere",
        ),
        (
            &["check", ".", "--actions", "blink,turn_up"],
            "8 to 20 frames",
        ),
        (&["check", ".", "--actions", "blink,blink"], "twice"),
        (
            &["check", "notes.txt", "--actions", "blink,turn_up"],
            "neither mp4, mov nor webm",
        ),
        (&["payload", "notes.txt"], "neither mp4, mov nor webm"),
    ] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
        let last = errors(&output).lines().last().unwrap();
        assert!(
            last.starts_with("livegate-lab: ") && last.contains(named),
            "{last}"
        );
        assert!(output.stdout.is_empty());
    }
}
