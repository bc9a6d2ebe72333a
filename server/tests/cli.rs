//! The binary's command line: what goes to which stream, and with which exit code.
#![allow(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use sha2::Digest;

/// Runs the binary in a folder, with only these variables set.
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

/// Makes a key with these options. Returns its id and the key itself.
fn created(folder: &Path, options: &[&str]) -> (String, String) {
    let made = run(folder, &[], &[&["keys", "create"], options].concat());
    assert!(made.status.success(), "{made:?}");
    let mut words = text(&made.stderr).split(' ');
    let id = words.find(|word| word.starts_with("key_")).unwrap();
    (id.to_owned(), text(&made.stdout).trim_end().to_owned())
}

fn hash(secret: &str) -> String {
    let digest = sha2::Sha256::digest(secret.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn keys_are_listed_without_anything_secret() {
    let folder = tempfile::tempdir().unwrap();
    let shop = created(folder.path(), &["--name", "shop"]);
    let options = "--no-liveness --requests-per-minute 60 --concurrency 2 \
                   --max-attempts 5 --per 15m \
                   --actions turn_up,blink --yaw-deg 35 --pitch-deg 12.5 --blink-ear 0.15";
    let options: Vec<&str> = ["--name", "the bank"]
        .into_iter()
        .chain(options.split_whitespace())
        .collect();
    let bank = created(folder.path(), &options);
    let rotate = ["keys", "rotate", &shop.0, "--keep-old-for", "10m"];
    let rotated = run(folder.path(), &[], &rotate);
    let table = run(folder.path(), &[], &["keys", "list"]);
    let json = run(folder.path(), &[], &["keys", "list", "--json"]);
    let (table, json) = (text(&table.stdout), text(&json.stdout));
    for secret in [&shop.1, &bank.1, text(&rotated.stdout).trim_end()] {
        for listed in [table, json] {
            assert!(!listed.contains(secret) && !listed.contains(&hash(secret)));
        }
    }
    let row = |id: &str| table.lines().find(|line| line.contains(id)).unwrap();
    for named in [
        "shop",
        "yes",
        "600",
        "16",
        "any",
        "all",
        "25",
        "20",
        "0.2",
        "old until",
    ] {
        assert!(row(&shop.0).contains(named), "{named} in {table}");
    }
    for named in [
        "the bank",
        "no",
        "60",
        "5 per 15m",
        "turn_up blink",
        "35",
        "12.5",
        "0.15",
    ] {
        assert!(row(&bank.0).contains(named), "{named} in {table}");
    }
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let created_at = json[1]["created_at"].as_str().unwrap();
    assert_eq!(
        json[1],
        serde_json::json!({
            "id": bank.0, "name": "the bank", "created_at": created_at, "rotated_at": null,
            "old_secrets_until": [], "test": false, "liveness": false, "requests_per_minute": 60, "concurrency": 2,
            "max_attempts": 5, "attempts_per_seconds": 900,
            "actions": ["turn_up", "blink"], "yaw_deg": 35.0, "pitch_deg": 12.5, "blink_ear": 0.15,
        })
    );
    assert!(json[0]["rotated_at"].is_string());
    assert_eq!(json[0]["old_secrets_until"].as_array().unwrap().len(), 1);
}

#[test]
fn a_limit_on_attempts_is_two_numbers_and_can_be_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let (id, _) = created(folder.path(), &["--name", "shop"]);
    let edit = |options: &[&str]| {
        run(
            folder.path(),
            &[],
            &[&["keys", "edit", &id], options].concat(),
        )
    };
    let file = || std::fs::read_to_string(folder.path().join("keys.toml")).unwrap();
    let before = file();
    let wrong: [&[&str]; 7] = [
        &[],
        &["--max-attempts", "5"],
        &["--per", "15m"],
        &["--max-attempts", "0", "--per", "15m"],
        &["--max-attempts", "5", "--per", "25h"],
        &["--max-attempts", "5", "--per", "soon"],
        &["--max-attempts", "5", "--per", "15m", "--no-max-attempts"],
    ];
    for options in wrong {
        let refused = edit(options);
        assert!(!refused.status.success(), "{options:?}: {refused:?}");
    }
    assert_eq!(file(), before);
    let edited = edit(&["--max-attempts", "5", "--per", "15m"]);
    assert!(
        edited.status.success() && edited.stdout.is_empty(),
        "{edited:?}"
    );
    assert!(file().contains("max_attempts = 5\nattempts_per_seconds = 900\n"));
    assert!(edit(&["--no-max-attempts"]).status.success());
    assert_eq!(file(), before);
}

#[test]
fn a_rotation_prints_the_new_key_alone_and_a_revocation_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (id, first) = created(folder.path(), &["--name", "shop"]);
    let rotated = run(folder.path(), &[], &["keys", "rotate", &id]);
    let second = text(&rotated.stdout).strip_suffix('\n').unwrap();
    assert!(rotated.status.success() && second.starts_with("tsk_") && second != first);
    assert!(!text(&rotated.stderr).contains(second) && text(&rotated.stderr).contains(&id));
    let file = || std::fs::read_to_string(folder.path().join("keys.toml")).unwrap();
    assert!(file().contains(&hash(second)) && !file().contains(&hash(&first)));
    let mode = std::fs::metadata(folder.path().join("keys.toml")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    let revoked = run(folder.path(), &[], &["keys", "revoke", &id]);
    assert!(revoked.status.success() && revoked.stdout.is_empty());
    assert!(text(&revoked.stderr).contains(&id) && !file().contains(&id));
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
        (
            &["keys", "create", "--name", "a", "--actions", "nod,blink"],
            "turn_left",
        ),
        (
            &["keys", "create", "--name", "a", "--yaw-deg", "50"],
            "15 to 40",
        ),
        (&["keys", "rotate"], "<KEY>"),
        (
            &["keys", "rotate", "key_1", "--keep-old-for", "soon"],
            "10m, 24h",
        ),
        (
            &["keys", "rotate", "key_1", "--keep-old-for", "31d"],
            "at most 30 days",
        ),
        (&["keys", "revoke"], "<KEY>"),
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
        (
            &[("LIVEGATE_KEYS", "bad.toml")],
            &["keys", "list"],
            "bad.toml",
        ),
        (&[], &["keys", "list"], "keys.toml"),
        (&[], &["keys", "revoke", "key_1"], "livegate-api keys list"),
        (
            &[],
            &["keys", "create", "--name", "a", "--actions", "blink"],
            "at least 2",
        ),
        (
            &[
                ("LIVEGATE_LISTEN", "127.0.0.1:0"),
                ("LIVEGATE_MODELS", "nowhere"),
            ],
            &[],
            "nowhere",
        ),
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

#[test]
fn help_names_every_variable() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(folder.path(), &[], &["--help"]);
    assert!(help.status.success());
    for name in [
        "LIVEGATE_LISTEN",
        "LIVEGATE_KEYS",
        "LIVEGATE_SEAL_KEY_FILE",
        "LIVEGATE_MODELS",
        "LIVEGATE_LOG",
    ] {
        assert!(text(&help.stdout).contains(name), "{name}");
    }
}
