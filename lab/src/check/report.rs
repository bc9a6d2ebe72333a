//! The result of a check, as tables or JSON.

use comfy_table::{CellAlignment, Table, presets};
use livegate_liveness::measurement::Face;
use livegate_liveness::outcome::FrameOutcome;
use serde::Serialize;
use serde_json::{Value, json};

use livegate_api::contract::numbers::rounded;
use livegate_api::verify::response::{BestFrame, Rejected, VerdictBody, Verified};
use livegate_liveness::judge::Judgement;

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Report {
    /// One row for each frame, in order.
    pub frames: Vec<FrameReport>,
    /// The judgement of the whole capture.
    pub judgement: Judgement,
    /// Time of measuring and judging, milliseconds.
    pub elapsed_ms: u64,
}

/// Measurements of one frame. Directions are the subject's own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrameReport {
    /// Position in the capture, from 0.
    pub index: usize,
    /// Name of the file; null for a frame of a clip.
    pub file: Option<String>,
    /// Time in the clip, seconds from its start; null for a file.
    pub seconds: Option<f64>,
    /// Number of faces; null where the frame cannot be decoded.
    pub faces: Option<usize>,
    /// The main face; null without a face.
    pub face: Option<FaceReport>,
    /// Why the frame cannot be decoded; null where it can.
    pub undecodable: Option<String>,
}

/// The source of a frame.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// A file of this name.
    File(String),
    /// A clip, at this time, seconds from its start.
    Clip(f32),
}

/// Measurements of the main face of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FaceReport {
    /// Turn of the head, degrees; negative to the subject's own left.
    pub yaw: f64,
    /// Raising and lowering of the head, degrees; negative up.
    pub pitch: f64,
    /// Tilt of the head, degrees.
    pub roll: f64,
    /// Mean aspect ratio of both eyes: height over width of the opening.
    pub eye_ratio: f64,
    /// Anti-spoof score, 0 (attack) to 1 (bona fide); null when no model scored the face.
    pub anti_spoof: Option<f64>,
    /// Width of the face, pixels.
    pub width: f64,
    /// Variance of the Laplacian of the aligned face, grey levels squared.
    pub sharpness: f64,
    /// Mean grey level, 0 to 255.
    pub brightness: f64,
    /// Standard deviation of the noise, grey levels.
    pub noise: f64,
}

impl From<&Face> for FaceReport {
    fn from(face: &Face) -> Self {
        Self {
            yaw: rounded(face.pose.yaw),
            pitch: rounded(face.pose.pitch),
            roll: rounded(face.pose.roll),
            eye_ratio: rounded(face.eyes.ratio()),
            anti_spoof: face.bona_fide_score().map(rounded),
            width: rounded(face.bounds.width),
            sharpness: rounded(face.quality.sharpness),
            brightness: rounded(face.quality.brightness),
            noise: rounded(face.quality.noise),
        }
    }
}

impl FrameReport {
    /// The row of one frame. `mirrored` turns the measurement into that of the unmirrored scene.
    pub(super) fn new(index: usize, origin: Origin, outcome: FrameOutcome, mirrored: bool) -> Self {
        let (file, seconds) = match origin {
            Origin::File(name) => (Some(name), None),
            Origin::Clip(seconds) => (None, Some(rounded(seconds))),
        };
        match outcome {
            FrameOutcome::Undecodable(cause) => Self {
                index,
                file,
                seconds,
                faces: None,
                face: None,
                undecodable: Some(cause),
            },
            FrameOutcome::Measured(measured) => {
                let measured = if mirrored {
                    measured.unmirrored()
                } else {
                    *measured
                };
                let face = measured.face.as_ref().map(FaceReport::from);
                Self {
                    index,
                    file,
                    seconds,
                    faces: Some(measured.faces.len()),
                    face,
                    undecodable: None,
                }
            }
        }
    }

    fn row(&self) -> Vec<String> {
        let origin = match (&self.file, self.seconds) {
            (Some(file), _) => file.clone(),
            (None, Some(seconds)) => format!("{seconds:.2} s"),
            (None, None) => String::new(),
        };
        let mut row = vec![self.index.to_string(), origin];
        match (&self.undecodable, &self.face) {
            (Some(cause), _) => row.push(cause.clone()),
            (None, None) => row.push("none".to_owned()),
            (None, Some(face)) => {
                row.push(self.faces.map_or_else(String::new, |n| n.to_string()));
                let score = |s: f64| format!("{s:.2}");
                row.extend([face.yaw, face.pitch, face.roll].map(|angle| format!("{angle:.1}")));
                row.push(score(face.eye_ratio));
                row.push(face.anti_spoof.map_or_else(String::new, score));
                row.extend(
                    [face.width, face.sharpness, face.brightness].map(|v| format!("{v:.0}")),
                );
                row.push(format!("{:.1}", face.noise));
            }
        }
        row
    }
}

impl Report {
    /// Whether the capture is verified.
    pub fn is_verified(&self) -> bool {
        match self.judgement {
            Judgement::Verified(..) => true,
            Judgement::Rejected(..) | Judgement::Undecodable(_) => false,
        }
    }

    fn is_clip(&self) -> bool {
        self.frames.iter().any(|frame| frame.seconds.is_some())
    }

    fn verdict(&self) -> VerdictBody {
        match &self.judgement {
            Judgement::Undecodable(frames) => {
                VerdictBody::Rejected(Box::new(Rejected::undecodable(frames, self.elapsed_ms)))
            }
            Judgement::Rejected(findings, reasons) => {
                VerdictBody::Rejected(Box::new(Rejected::new(findings, reasons, self.elapsed_ms)))
            }
            Judgement::Verified(findings, proof) => {
                let no_picture = BestFrame::of(&[]);
                let body = Verified::new(findings, proof.clone(), no_picture, self.elapsed_ms);
                VerdictBody::Verified(Box::new(body))
            }
        }
    }

    /// The body of a verify response, without embedding and picture, and with `frames`.
    ///
    /// # Errors
    /// Not expected: the body is plain data.
    pub fn to_json(&self) -> serde_json::Result<Value> {
        let mut body = serde_json::to_value(self.verdict())?;
        if let Some(fields) = body.as_object_mut() {
            fields.remove("embedding");
            fields.remove("best_frame_b64");
            fields.insert("frames".to_owned(), json!(self.frames));
        }
        Ok(body)
    }

    /// A table of the frames, and the verdict with its reasons.
    pub fn to_text(&self) -> String {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header([
            "#",
            if self.is_clip() { "time" } else { "file" },
            "faces",
            "yaw",
            "pitch",
            "roll",
            "eyes",
            "bona fide",
            "px",
            "sharp",
            "bright",
            "noise",
        ]);
        for frame in &self.frames {
            table.add_row(frame.row());
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        format!("{table}\n\n{}", self.conclusion())
    }

    fn conclusion(&self) -> String {
        let mut lines = match self.verdict() {
            VerdictBody::Verified(body) => vec![
                "VERIFIED".to_owned(),
                format!("  confidence        {:.4}", body.confidence),
                format!("  anti-spoof        {:.4}", body.anti_spoof_avg_score),
                format!("  same person       {:.4}", body.same_person_score),
                format!("  best frame        {}", body.best_frame_index),
            ],
            VerdictBody::Rejected(body) => rejection_lines(&body),
        };
        lines.push(format!("  time              {} ms", self.elapsed_ms));
        lines.push(String::new());
        lines.join("\n")
    }
}

fn rejection_lines(body: &Rejected) -> Vec<String> {
    let (details, mut lines) = (&body.rejection_details, vec!["REJECTED".to_owned()]);
    let mut pair = |name: &str, measured: Option<f64>, required: Option<f64>| {
        if let (Some(measured), Some(required)) = (measured, required) {
            lines.push(format!(
                "  {name:<17} {measured:.4}, required {required:.4}"
            ));
        }
    };
    pair(
        "faces seen",
        details.face_detection_ratio,
        details.required_ratio,
    );
    pair(
        "same person",
        details.same_person_score,
        details.same_person_threshold,
    );
    pair(
        "anti-spoof",
        details.anti_spoof_avg_score.and_then(|average| average.0),
        details.threshold,
    );
    for failed in details.failed_actions.iter().flatten() {
        let measured = failed
            .measured
            .0
            .map_or("nothing".to_owned(), |m| format!("{m:.2}"));
        let (why, unit) = (failed.why.name(), failed.unit.name());
        lines.push(format!(
            "  {:<17} {why}: {measured}, required {:.2} ({unit})",
            failed.action.name(),
            failed.required
        ));
    }
    lines.extend(
        details
            .poor_frames
            .iter()
            .flatten()
            .map(|u| format!("  {}", u.text)),
    );
    lines.extend(
        details
            .evidence
            .iter()
            .flatten()
            .map(|e| format!("  {}", e.text)),
    );
    let reasons: Vec<_> = body.reason_codes.iter().map(|r| r.name()).collect();
    lines.push(format!("  reasons           {}", reasons.join(", ")));
    lines
}
