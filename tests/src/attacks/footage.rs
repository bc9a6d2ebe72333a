//! Footage of a person, cut into frames and measured, in which attacks find the frames that they need.

use std::ops::Range;
use std::path::Path;

use ffmpeg_sidecar::command::FfmpegCommand;
use image::RgbImage;
use livegate_common::broker::Queue;
use livegate_common::job::Look;
use livegate_instruments::face::Frame;
use livegate_liveness::measurement::{Face, FrameMeasurement};
use livegate_liveness::pose::Pose;
use livegate_liveness::session::Task;
use livegate_media::RgbFrame;
use livegate_worker::AnalyzerPool;

use super::presentation::{Shot, phase};
use crate::media::media;

/// Rate at which footage is cut into frames, frames a second.
pub const RATE: u32 = 15;
/// Most pixels of the shorter side.
const SIDE: u32 = 540;
/// Largest angle of a head at rest, degrees.
const REST_DEG: f32 = 7.0;

/// A clip, frame by frame.
pub struct Footage {
    /// Name of the clip. Nothing else is known about the person.
    pub name: String,
    /// The frames, upright.
    pub pictures: Vec<RgbImage>,
    /// The measurement of each frame.
    pub seen: Vec<FrameMeasurement>,
}

/// Where footage shows a movement: from rest, over the peak, to rest again. Frame indices.
#[derive(Clone, Copy, Debug)]
pub struct Movement {
    /// The last frame before the movement.
    pub start: usize,
    /// The frame of the peak.
    pub peak: usize,
    /// The first frame after the movement.
    pub end: usize,
}

impl Footage {
    /// Cuts and measures a clip of real people; takes `has_media`.
    pub async fn load(pool: &AnalyzerPool, file: &str, look: Look) -> Self {
        let path = media(file);
        let pictures = tokio::task::spawn_blocking(move || cut(&path))
            .await
            .unwrap();
        let looks = pictures.iter().map(|picture| {
            let frame = RgbFrame {
                width: picture.width(),
                height: picture.height(),
                pixels: picture.as_raw().clone(),
            };
            let work = move |analyzer: &mut dyn livegate_worker::FaceAnalyzer,
                             _: &dyn Fn() -> bool| {
                analyzer.analyze(&frame, look).unwrap()
            };
            pool.run(Queue::Verify, work)
        });
        let seen = futures_util::future::try_join_all(looks).await.unwrap();
        let name = Path::new(file)
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        Self {
            name,
            pictures,
            seen,
        }
    }

    /// The face in a frame.
    pub fn face(&self, index: usize) -> Option<&Face> {
        self.seen[index].face.as_ref()
    }

    /// The position of the face in a frame that has one.
    pub fn frame(&self, index: usize) -> Frame {
        let b = self.face(index).expect("a frame with a face").bounds;
        Frame {
            x: b.x,
            y: b.y,
            width: b.width,
            height: b.height,
        }
    }

    /// The frame that makes the best still: facing the camera, eyes open, lips at rest.
    pub fn still(&self) -> usize {
        let how_bad =
            |face: &Face| face.pose.deviation() + 40.0 * (face.eyes.blink() + face.mouth.smile);
        self.least(0..self.pictures.len(), how_bad)
            .expect("somebody who faces the camera")
    }

    /// The frame with the least value among these.
    pub fn least(
        &self,
        among: impl IntoIterator<Item = usize>,
        of: impl Fn(&Face) -> f32,
    ) -> Option<usize> {
        let rated = among
            .into_iter()
            .filter_map(|i| Some((i, of(self.face(i)?))));
        rated.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
    }

    /// The largest movement of a kind in the whole clip, of those that begin at rest if there are any.
    pub fn movement(&self, task: Task) -> Movement {
        let all = self.pictures.len();
        let resting = |i: &usize| self.face(*i).is_some_and(|f| extent(task, f) < rest(task));
        let first_rest = (0..all).find(resting).unwrap_or(0);
        let peak = self
            .least(first_rest..all, |f| -extent(task, f))
            .expect("a face");
        Movement {
            start: (0..peak).rev().find(resting).unwrap_or(0),
            peak,
            end: (peak..all).find(resting).unwrap_or(all - 1),
        }
    }

    /// Frames of a movement: on the way there, at the peak, and on the way back.
    pub fn stages(&self, task: Task) -> [usize; 4] {
        let Movement { start, peak, end } = self.movement(task);
        let most = self.face(peak).map_or(0.0, |f| extent(task, f));
        let nearest = |among: std::ops::Range<usize>, share: f32| {
            self.least(among, |f| (extent(task, f) - share * most).abs())
                .unwrap_or(peak)
        };
        match task {
            Task::Blink => [start, nearest(start..peak + 1, 0.6), peak, end],
            Task::TurnLeft
            | Task::TurnRight
            | Task::LookUp
            | Task::LookDown
            | Task::Smile
            | Task::OpenMouth => [
                nearest(start..peak + 1, 0.45),
                nearest(start..peak + 1, 0.75),
                peak,
                nearest(peak..end + 1, 0.6),
            ],
        }
    }

    /// Two frames that face the camera, before any of these movements if there are such frames.
    pub fn neutral(&self, tasks: &[Task]) -> [usize; 2] {
        self.neutral_ahead(tasks, 0)
    }

    /// The same, this number of frames or more ahead of the movements.
    pub fn neutral_ahead(&self, tasks: &[Task], ahead: usize) -> [usize; 2] {
        let starts = tasks.iter().map(|t| self.movement(*t).start);
        let first = starts.min().unwrap_or(0).saturating_sub(ahead);
        let rests = |i: &usize| {
            self.face(*i)
                .is_some_and(|f| f.pose.is_within(REST_DEG) && f.eyes.blink() < 0.3)
        };
        let before: Vec<usize> = (0..=first).filter(rests).collect();
        match before[..] {
            [.., third, _, last] => [third, last],
            [one, two] => [one, two],
            _ => [self.still(), self.still().saturating_sub(1)],
        }
    }

    /// A capture for verify: two frames at rest, then four of each movement, with their phases.
    pub fn shots(&self, tasks: &[Task]) -> Vec<Shot> {
        self.shot(self.indices(tasks))
    }

    /// Copies of these frames, with their phases.
    pub fn shot(&self, indices: Vec<(&'static str, usize)>) -> Vec<Shot> {
        let shot = |(phase, i): (&'static str, usize)| Shot {
            phase,
            picture: self.pictures[i].clone(),
        };
        indices.into_iter().map(shot).collect()
    }

    /// The frames of such a capture, as indices.
    pub fn indices(&self, tasks: &[Task]) -> Vec<(&'static str, usize)> {
        self.indices_after(self.neutral(tasks), tasks)
    }

    /// The frames of such a capture with these two at rest.
    pub fn indices_after(&self, rest: [usize; 2], tasks: &[Task]) -> Vec<(&'static str, usize)> {
        let neutral = rest.map(|i| ("center", i));
        let acted = tasks
            .iter()
            .flat_map(|t| self.stages(*t).map(|i| (phase(*t), i)));
        neutral.into_iter().chain(acted).collect()
    }

    /// Frames of each movement, one movement after the other: every `step`th frame, and no frame twice. Each begins
    /// with a third of a second at rest.
    pub fn runs(&self, tasks: &[Task], step: usize) -> Vec<usize> {
        self.runs_with(tasks, step, [5, 3])
    }

    /// The same, with these numbers of frames before and after each movement.
    ///
    /// What a run shares with one before it is left out, also the frames between its steps: else the film would go back
    /// by a frame.
    pub fn runs_with(&self, tasks: &[Task], step: usize, around: [usize; 2]) -> Vec<usize> {
        let runs: Vec<Range<usize>> = tasks.iter().map(|t| self.run(*t, around)).collect();
        let of = |(number, run): (usize, &Range<usize>)| {
            let earlier = &runs[..number];
            let is_new = |index: &usize| !earlier.iter().any(|run| run.contains(index));
            run.clone().filter(is_new).step_by(step).collect::<Vec<_>>()
        };
        runs.iter().enumerate().flat_map(of).collect()
    }

    /// The frames of a movement, with these numbers of frames before and after it.
    fn run(&self, task: Task, [before, after]: [usize; 2]) -> Range<usize> {
        let Movement { start, end, .. } = self.movement(task);
        start.saturating_sub(before)..(end + after).min(self.pictures.len())
    }

    /// Whether some of these movements, with these numbers of frames before and after each, share frames or are less than
    /// `apart` frames from each other.
    pub fn overlap(&self, tasks: &[Task], around: [usize; 2], apart: usize) -> bool {
        let mut runs: Vec<_> = tasks.iter().map(|t| self.run(*t, around)).collect();
        runs.sort_by_key(|run| run.start);
        !runs.is_sorted_by(|one, next| one.end + apart <= next.start)
    }

    /// Copies of these frames.
    pub fn take(&self, indices: &[usize]) -> Vec<RgbImage> {
        indices.iter().map(|i| self.pictures[*i].clone()).collect()
    }
}

/// Extent of a movement in a face: degrees, or a score.
pub fn extent(task: Task, face: &Face) -> f32 {
    let Pose { yaw, pitch, .. } = face.pose;
    match task {
        Task::TurnLeft => -yaw,
        Task::TurnRight => yaw,
        Task::LookUp => -pitch,
        Task::LookDown => pitch,
        // The lids move down with a head that looks down.
        Task::Blink => face.eyes.blink() - (face.pose.deviation() - 12.0).max(0.0) / 10.0,
        Task::Smile => face.mouth.smile,
        Task::OpenMouth => face.mouth.opening,
    }
}

fn rest(task: Task) -> f32 {
    match task {
        Task::Blink => 0.2,
        Task::Smile => 0.3,
        Task::OpenMouth => 0.1,
        Task::TurnLeft | Task::TurnRight | Task::LookUp | Task::LookDown => REST_DEG,
    }
}

/// The frames of a clip, upright.
fn cut(path: &Path) -> Vec<RgbImage> {
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("%05d.jpg");
    let side = SIDE;
    let filter = format!(
        "fps={RATE},scale='if(lt(iw,ih),min(iw,{side}),-2)':'if(lt(iw,ih),-2,min(ih,{side}))'"
    );
    let mut ffmpeg = FfmpegCommand::new()
        .args(["-v", "error"])
        .input(path.to_str().unwrap())
        .args(["-vf", &filter, "-q:v", "2", pictures.to_str().unwrap()])
        .spawn()
        .expect("ffmpeg starts; `make test` installs it");
    assert!(ffmpeg.wait().unwrap().success());
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .map(|file| image::open(file).unwrap().into_rgb8())
        .collect()
}
