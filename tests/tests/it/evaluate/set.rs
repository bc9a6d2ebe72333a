//! A labelled set of scripted captures, and its evaluation.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use livegate_common::shutdown::Shutdown;
use livegate_lab::evaluate::journal::Journal;
use livegate_lab::evaluate::manifest::Set;
use livegate_lab::evaluate::report::Report;
use livegate_lab::evaluate::{EvaluateError, Setting, evaluate};
use livegate_lab::progress::Progress;
use livegate_liveness::challenge::Angles;
use livegate_liveness::thresholds::PadThresholds;
use livegate_tests::client::Capture;
use livegate_tests::clips;
use livegate_tests::scripted::{self, Scene, png};
use livegate_worker::AnalyzerPool;
use serde_json::Value;
use tempfile::TempDir;

/// Frames a second of scripted clips, at which all of them are sampled.
pub const RATE: u32 = 15;

/// A folder with media, manifest and report.
pub struct Folder {
    folder: TempDir,
    manifest: String,
}

impl Folder {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            manifest: "name = \"scripted\"\n".to_owned(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lists a capture, with these fields beside its medium.
    pub fn list(&mut self, media: &str, fields: &str) -> &mut Self {
        writeln!(
            self.manifest,
            "\n[[capture]]\nmedia = \"{media}\"\n{fields}"
        )
        .unwrap();
        self
    }

    /// Adds a still.
    pub fn still(&mut self, media: &str, scene: &Scene, fields: &str) -> &mut Self {
        std::fs::write(self.path(media), png(scene)).unwrap();
        self.list(media, fields)
    }

    /// Adds a clip.
    pub fn clip(&mut self, media: &str, scenes: &[Scene], fields: &str) -> &mut Self {
        std::fs::write(self.path(media), clips::of_scenes(scenes, RATE)).unwrap();
        self.list(media, fields)
    }

    /// Adds a folder of tagged frames.
    pub fn frames(&mut self, media: &str, capture: &Capture, fields: &str) -> &mut Self {
        let folder = self.path(media);
        std::fs::create_dir(&folder).unwrap();
        for (index, (phase, image)) in capture.0.iter().enumerate() {
            std::fs::write(folder.join(format!("{index:02}_{phase}.png")), image).unwrap();
        }
        self.list(media, fields)
    }

    /// Writes the manifest and reads the set.
    pub fn set(&self) -> Set {
        let manifest = self.path("set.toml");
        std::fs::write(&manifest, &self.manifest).unwrap();
        Set::read(&manifest, None).unwrap()
    }

    /// Where the report goes.
    pub fn out(&self) -> PathBuf {
        self.path("report")
    }

    /// Evaluates it with a scripted analyzer.
    pub async fn evaluate(&self) -> Result<Value, EvaluateError> {
        let (_trigger, shutdown) = Shutdown::new();
        let report = run(&self.set(), &self.out(), &point(), &shutdown).await?;
        Ok(serde_json::to_value(report).unwrap())
    }
}

/// The operating point of no models.
pub fn point() -> Setting {
    Setting {
        version: "test",
        program_sha256: String::new(),
        models: Vec::new(),
        thresholds: scripted::thresholds(),
        pad: PadThresholds::default(),
        provenance: BTreeMap::new(),
        angles: Angles::default(),
    }
}

/// Evaluates a set with a scripted analyzer.
pub async fn run(
    set: &Set,
    out: &Path,
    point: &Setting,
    shutdown: &Shutdown,
) -> Result<Report, EvaluateError> {
    let pool = AnalyzerPool::start(NonZeroUsize::MIN, scripted::factory()).unwrap();
    let mut journal = Journal::open(out, false)?;
    let progress = Progress::new(set.captures.len(), false);
    evaluate(&pool, set, point, &mut journal, &progress, shutdown).await
}

/// Somebody with this anti-spoof score.
pub fn scored(bona_fide: f32) -> Scene {
    Scene {
        bona_fide,
        ..Scene::default()
    }
}
