//! Tests of reading manifests.

use std::fs;

use tempfile::TempDir;

use super::*;

/// A folder with a clip, a still and a folder of frames. Their pixels are not decoded.
fn media() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("clip.mp4"), "looked into when it is measured").unwrap();
    fs::write(at("still.png"), png(640)).unwrap();
    fs::create_dir(at("frames")).unwrap();
    for index in 0..8 {
        fs::write(
            at(&format!("frames/{index:02}_center.png")),
            png(640 + index),
        )
        .unwrap();
    }
    folder
}

/// A PNG without its pixels.
fn png(width: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend_from_slice(&width.to_be_bytes());
    bytes.extend_from_slice(&480_u32.to_be_bytes());
    bytes.extend_from_slice(b"\x08\x02\0\0\0crc4\0\0\0\x01IDAT");
    bytes
}

fn read(folder: &TempDir, captures: &str) -> Result<Set, ManifestError> {
    let manifest = folder.path().join("set.toml");
    fs::write(&manifest, format!("name = \"test\"\n{captures}")).unwrap();
    Set::read(&manifest, None)
}

const EVERYTHING: &str = r#"
[[capture]]
media = "clip.mp4"
label = "bona_fide"
subject = "a"
mirrored = true
group = { glasses = "yes" }
actions = [
  { name = "smile", from = 3, to = 4.5 },
  { name = "look_up", from = 1.0, to = 2.25 },
]
absent = ["blink"]
poses = [{ at = 1.5, yaw = 0, pitch = -20 }]

[[capture]]
media = "still.png"
label = "attack"
instrument = "print"
poses = [{ yaw = 3, pitch = 4 }]

[[capture]]
media = "frames"
label = "bona_fide"
actions = [{ name = "turn_right" }, { name = "blink" }]
"#;

#[test]
fn a_set_is_what_its_manifest_says() {
    let set = read(&media(), EVERYTHING).unwrap();
    let [clip, still, frames] = &set.captures[..] else {
        panic!("{set:?}")
    };
    assert_eq!((clip.kind, &clip.label), (Kind::Clip, &Label::BonaFide));
    assert_eq!(clip.compared_as(), Some("a"));
    assert_eq!(clip.groups["glasses"], "yes");
    let truth = &clip.truth;
    assert!(truth.mirrored);
    let shown: Vec<_> = truth
        .actions
        .iter()
        .map(|s| (s.task, s.span.unwrap()))
        .collect();
    let span = |from_ms, to_ms| Span { from_ms, to_ms };
    let in_time = [
        (Task::LookUp, span(1000, 2250)),
        (Task::Smile, span(3000, 4500)),
    ];
    assert_eq!(shown, in_time);
    assert_eq!(truth.complete, [Task::Blink]);
    assert_eq!(truth.poses[0].at_ms, 1500);

    assert_eq!(
        (still.kind, still.instrument()),
        (Kind::Still, Some("print"))
    );
    assert_eq!(still.truth.poses[0].pitch, 4.0);
    assert_eq!(frames.kind, Kind::Folder);
    let asked: Vec<Task> = frames.truth.actions.iter().map(|s| s.task).collect();
    assert_eq!(
        asked,
        [Task::TurnRight, Task::Blink],
        "in the order written"
    );
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let error = read(
        &media(),
        r#"
[[capture]]
media = "clip.mp4"
label = "attack"
actions = [{ name = "nod", from = 1, to = 2 }, { name = "blink", from = 2, to = 1 }]

[[capture]]
media = "gone.mp4"
label = "bona_fide"
"#,
    )
    .unwrap_err()
    .to_string();
    for part in [
        "line 4, clip.mp4: an attack needs an instrument",
        "line 4, clip.mp4: actions: `nod` is not an action; it must be one of turn_left, ",
        "line 4, clip.mp4: blink: `to` must be later than `from`",
        "line 9, gone.mp4: there is no ",
    ] {
        assert!(error.contains(part), "{part:?} in {error}");
    }
}

#[test]
fn what_cannot_be_said_of_a_capture_is_refused() {
    let clip = "media = \"clip.mp4\"\nlabel = \"bona_fide\"\n";
    let still = "media = \"still.png\"\nlabel = \"bona_fide\"\n";
    let frames = "media = \"frames\"\nlabel = \"bona_fide\"\n";
    for (capture, field, problem) in [
        (
            clip,
            "instrument = \"print\"",
            "only attacks have an instrument",
        ),
        (
            clip,
            "actions = [{ name = \"blink\" }]",
            "`from` and `to` are missing",
        ),
        (
            clip,
            "actions = [{ name = \"blink\", from = 90, to = 91 }]",
            "90 is no time",
        ),
        (clip, "absent = [\"nod\"]", "absent: `nod` is not an action"),
        (
            clip,
            "poses = [{ yaw = 1, pitch = 1 }]",
            "poses: `at` is missing",
        ),
        (
            clip,
            "poses = [{ at = 1, yaw = 91, pitch = 1 }]",
            "from -90 to 90",
        ),
        (
            clip,
            "poses = [{ at = nan, yaw = 1, pitch = 1 }]",
            "is no time",
        ),
        (
            still,
            "actions = [{ name = \"blink\" }]",
            "a still shows no action",
        ),
        (still, "all_actions_listed = true", "only those have times"),
        (
            still,
            "poses = [{ at = 1, yaw = 1, pitch = 1 }]",
            "leave out `at`",
        ),
        (
            frames,
            "poses = [{ yaw = 1, pitch = 1 }]",
            "for clips and stills",
        ),
        (
            frames,
            "actions = [{ name = \"blink\", from = 1, to = 2 }]",
            "leave out `from` and `to`",
        ),
        (clip, "subjekt = \"a\"", "unknown field `subjekt`"),
        (clip, "mirrored = \"yes\"", "expected a boolean"),
    ] {
        let error = read(&media(), &format!("[[capture]]\n{capture}{field}"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(problem), "{field}: {error}");
    }
}

#[test]
fn media_that_verify_would_refuse_are_named() {
    let folder = media();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("large.png", &png(5000));
    write("text.jpg", b"GIF89a");
    write("notes.txt", b"?");
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (name, problem) in [
        ("large.png", "each side must be 120 to 4096"),
        ("text.jpg", "neither a JPEG nor a PNG"),
        ("notes.txt", "it must be a clip (mp4"),
        ("empty", "NN_PHASE"),
    ] {
        let capture = format!("[[capture]]\nmedia = \"{name}\"\nlabel = \"bona_fide\"");
        let error = read(&folder, &capture).unwrap_err().to_string();
        assert!(error.contains(problem), "{name}: {error}");
    }
}

#[test]
fn a_set_without_captures_or_with_one_twice_is_refused() {
    let folder = media();
    let empty = read(&folder, "").unwrap_err().to_string();
    assert!(empty.contains("no [[capture]]"), "{empty}");
    let still = "[[capture]]\nmedia = \"still.png\"\nlabel = \"bona_fide\"\n";
    let twice = read(&folder, &still.repeat(2)).unwrap_err().to_string();
    assert!(
        twice.contains("line 6, still.png: it is listed twice"),
        "{twice}"
    );
}

#[test]
fn the_digest_follows_the_content_and_not_the_place() {
    let (first, second) = (media(), media());
    let digests = |folder: &TempDir| -> Vec<String> {
        let set = read(folder, EVERYTHING).unwrap();
        set.captures.into_iter().map(|c| c.digest).collect()
    };
    let before = digests(&first);
    assert_eq!(before, digests(&second));
    fs::write(second.path().join("clip.mp4"), "something else").unwrap();
    fs::write(second.path().join("frames/03_center.png"), png(999)).unwrap();
    let after = digests(&second);
    assert!(before[0] != after[0] && before[1] == after[1] && before[2] != after[2]);
}

#[test]
fn the_documented_manifest_is_one() {
    let document = include_str!("../../../../docs/evaluation.md");
    let (_, rest) = document.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let folder = media();
    for name in ["a/turns.mp4", "attacks/tablet_03.mp4"] {
        let path = folder.path().join(name);
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    let manifest = folder.path().join("set.toml");
    fs::write(&manifest, example).unwrap();
    let set = Set::read(&manifest, None).unwrap();
    assert_eq!(set.captures[0].truth.actions.len(), 2);
    assert_eq!(set.captures[1].instrument(), Some("tablet replay"));
}
