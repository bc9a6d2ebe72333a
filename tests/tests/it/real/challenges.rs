//! Which clips of real people pass which challenge of an interactive session: sampled at 5 and at 10
//! frames a second, as they are and mirrored.
//!
//! What a clip shows was looked at by eye. `Unknown` is what cannot be told from it, or is done half:
//! either answer is fine there.

use std::collections::HashMap;
use std::path::Path;

use ffmpeg_sidecar::command::FfmpegCommand;
use livegate_common::job::Look;
use livegate_liveness::challenge::Angles;
use livegate_liveness::measurement::FrameMeasurement;
use livegate_liveness::session::{Session, Step, Task};
use livegate_liveness::thresholds::Thresholds;
use livegate_media::{RgbFrame, decode};
use livegate_models::ModelSet;
use livegate_tests::media::{media, models};
use livegate_worker::FaceAnalyzer;

/// Frames a second that a clip is cut into.
const RATE: usize = 10;

/// Whether a clip shows what a challenge asks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shows {
    Yes,
    No,
    Unknown,
}

use Shows::{No, Unknown, Yes};

/// In the order of [`Task::ALL`]: left, right, up, down, blink, smile, open mouth.
type Row = (&'static str, [Shows; 7]);

const TURNS_A: Row = ("live/turns_a.mov", [Yes, Yes, Yes, Yes, Unknown, No, No]);
const TURNS_B: Row = ("live/turns_b.mov", [Yes, Yes, Yes, Yes, No, No, No]);
// The eyes close and open while the head is up, and again while it is down.
const TURNS_C: Row = ("live/turns_c.mov", [Yes, Yes, Yes, Yes, Unknown, No, No]);
// On its way up the face leaves the picture: at 5 frames a second no pose in between may be left.
const REPLAY_A: Row = (
    "replay/replay_a.mp4",
    [Yes, Yes, Unknown, Yes, Unknown, No, No],
);
const SMILE_BLINK: Row = ("actions/smile_blink.mp4", [No, No, No, No, Yes, Yes, No]);
// The head sways to 24 degrees left, and is bowed with the eyes shut; a grimace bares the teeth.
const OPEN_MOUTH: Row = (
    "actions/open_mouth_eyes.mp4",
    [Unknown, No, No, Unknown, Yes, Unknown, Yes],
);
// The lips part for a moment.
const BLINKS_SMILE: Row = (
    "actions/blinks_smile.mp4",
    [No, No, No, No, Yes, Yes, Unknown],
);
const TALKING: Row = ("actions/talking_smile.mp4", [No, No, No, No, Yes, Yes, No]);
// The eyes blink, but the face fills the picture: the shipped anti-spoof model cannot judge it, so that no
// frame counts.
const CLOSEUP: Row = ("actions/blinks_closeup.mp4", [No; 7]);
// The teeth are bared, the head is tossed.
const EXPRESSIONS: Row = (
    "actions/expressions.mp4",
    [Unknown, No, No, Unknown, Yes, Yes, Unknown],
);

/// The frames of a clip, each looked at once at most in each way.
struct Clip {
    frames: Vec<RgbFrame>,
    analyzer: Box<dyn FaceAnalyzer>,
    seen: HashMap<(usize, bool), FrameMeasurement>,
    mirrored: bool,
}

impl Clip {
    fn open(path: &Path, mirrored: bool) -> Self {
        let set = ModelSet::load(&models(), None).unwrap();
        Self {
            frames: frames(path, mirrored),
            analyzer: livegate_worker::onnx::factory(set).unwrap()().unwrap(),
            seen: HashMap::new(),
            mirrored,
        }
    }

    fn look(&mut self, index: usize, look: Look) -> FrameMeasurement {
        let key = (index, look == Look::Whole);
        if let Some(seen) = self.seen.get(&key) {
            return seen.clone();
        }
        let seen = self.analyzer.analyze(&self.frames[index], look).unwrap();
        let seen = if self.mirrored {
            seen.unmirrored()
        } else {
            seen
        };
        self.seen.insert(key, seen.clone());
        seen
    }

    /// Whether a session for one challenge, sent every `step`th frame, passes it.
    fn passes(&mut self, task: Task, step: usize) -> bool {
        let t = Thresholds::default();
        let mut session = Session::new(vec![task], 60_000, Angles::default(), u64::MAX);
        for index in (0..self.frames.len()).step_by(step) {
            let at_ms = (index * 1000 / RATE) as u64;
            let glance = self.look(index, Look::Glance);
            let mut taken = session.clone().advance(&glance, at_ms, &t);
            if taken == Step::NeedsWhole {
                let whole = self.look(index, Look::Whole);
                taken = session.clone().advance(&whole, at_ms, &t);
            }
            match taken {
                Step::Taken(_, report) if report.passed => return true,
                Step::Taken(next, _) => session = next,
                Step::NeedsWhole => panic!("a whole look is as close as it gets"),
            }
        }
        false
    }
}

/// The clip's frames, upright, as a client would send them.
fn frames(path: &Path, mirrored: bool) -> Vec<RgbFrame> {
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("%05d.jpg");
    let flip = if mirrored { "hflip," } else { "" };
    let filter = format!("fps={RATE},{flip}scale=640:640:force_original_aspect_ratio=decrease");
    let mut ffmpeg = FfmpegCommand::new()
        .args(["-v", "error"])
        .input(path.to_str().unwrap())
        .args(["-vf", &filter, "-q:v", "3", pictures.to_str().unwrap()])
        .spawn()
        .expect("ffmpeg starts; `make test` installs it");
    assert!(ffmpeg.wait().unwrap().success());
    let mut files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |file: &std::path::PathBuf| decode(&std::fs::read(file).unwrap()).unwrap();
    files.iter().map(read).collect()
}

fn check((file, row): Row) {
    let path = media(file);
    let mut wrong = Vec::new();
    for mirrored in [false, true] {
        let mut clip = Clip::open(&path, mirrored);
        for (task, shows) in Task::ALL.into_iter().zip(row) {
            for (rate, step) in [(10, 1), (5, 2)] {
                let passes = clip.passes(task, step);
                if (passes && shows == No) || (!passes && shows == Yes) {
                    wrong.push((task, shows, rate, mirrored));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{file}: challenge, shows, rate, mirrored: {wrong:?}"
    );
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn turns_a() {
    check(TURNS_A);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn turns_b() {
    check(TURNS_B);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn turns_c() {
    check(TURNS_C);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn replay_a() {
    check(REPLAY_A);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn smile_blink() {
    check(SMILE_BLINK);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn open_mouth() {
    check(OPEN_MOUTH);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn blinks_smile() {
    check(BLINKS_SMILE);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn talking() {
    check(TALKING);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn closeup() {
    check(CLOSEUP);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn expressions() {
    check(EXPRESSIONS);
}
