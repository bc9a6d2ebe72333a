//! Likeness of faces by pose, within one capture and between captures.
//!
//! Embeddings exist in memory only. What is kept is a histogram of cosines.

use std::collections::BTreeMap;

use livegate_liveness::embedding::Embedding;
use livegate_liveness::measurement::Face;
use livegate_liveness::pose::Pose;
use livegate_liveness::thresholds::Thresholds;
use serde::{Deserialize, Serialize};

use crate::evaluate::manifest::Capture;
use crate::evaluate::statistics::Histogram;

/// Most faces of one pose that a capture keeps for comparisons with others. Together they take some tens
/// of kilobytes.
const FACES_PER_POSE: usize = 12;

/// Range of head poses, by the larger of both angles. More extreme poses are left out: an embedding of
/// them does not identify a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PoseBin {
    /// Both angles up to 15 degrees.
    #[serde(rename = "frontal")]
    Frontal,
    /// Turned to a side by 15 to 30 degrees.
    #[serde(rename = "yaw_15_30")]
    Yaw15To30,
    /// Turned to a side by 30 to 45 degrees.
    #[serde(rename = "yaw_30_45")]
    Yaw30To45,
    /// Turned to a side by 45 to 70 degrees.
    #[serde(rename = "yaw_45_70")]
    Yaw45To70,
    /// Raised or lowered by 15 to 25 degrees.
    #[serde(rename = "pitch_15_25")]
    Pitch15To25,
    /// Raised or lowered by 25 to 40 degrees.
    #[serde(rename = "pitch_25_40")]
    Pitch25To40,
}

impl PoseBin {
    /// Every range, beginning with the frontal one.
    pub const ALL: [Self; 6] = [
        Self::Frontal,
        Self::Yaw15To30,
        Self::Yaw30To45,
        Self::Yaw45To70,
        Self::Pitch15To25,
        Self::Pitch25To40,
    ];

    /// The range of a pose; `None` for a pose in which an embedding does not identify a person.
    fn of(pose: Pose) -> Option<Self> {
        let (yaw, pitch) = (pose.yaw.abs(), pose.pitch.abs());
        if yaw > 70.0 || pitch > 40.0 {
            return None;
        }
        Some(if yaw.max(pitch) <= 15.0 {
            Self::Frontal
        } else if yaw >= pitch {
            match yaw {
                ..=30.0 => Self::Yaw15To30,
                ..=45.0 => Self::Yaw30To45,
                _ => Self::Yaw45To70,
            }
        } else if pitch <= 25.0 {
            Self::Pitch15To25
        } else {
            Self::Pitch25To40
        })
    }

    /// Name of the range in reports.
    pub fn words(self) -> &'static str {
        match self {
            Self::Frontal => "frontal, up to 15°",
            Self::Yaw15To30 => "to a side, 15-30°",
            Self::Yaw30To45 => "to a side, 30-45°",
            Self::Yaw45To70 => "to a side, 45-70°",
            Self::Pitch15To25 => "up or down, 15-25°",
            Self::Pitch25To40 => "up or down, 25-40°",
        }
    }
}

/// Histograms of cosines, by the pose of the compared face.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByPose(BTreeMap<PoseBin, Histogram>);

impl ByPose {
    fn add(&mut self, bin: PoseBin, cosine: f32) {
        self.0.entry(bin).or_default().add(cosine);
    }

    /// Adds the counts of another value.
    pub fn merge(&mut self, other: &Self) {
        for (bin, histogram) in &other.0 {
            self.0.entry(*bin).or_default().merge(histogram);
        }
    }

    /// The histogram of faces in that pose; `None` without any.
    pub fn get(&self, bin: PoseBin) -> Option<&Histogram> {
        self.0.get(&bin)
    }
}

/// Faces of one capture, to be compared with those of other captures. They are never written anywhere.
pub struct Faces {
    /// Mean embedding of the frontal faces.
    reference: Option<Embedding>,
    faces: Vec<(PoseBin, Embedding)>,
}

impl Faces {
    /// Keeps some of these faces, and counts how alike each of them is to the mean of the frontal ones.
    /// A frontal face is compared with the mean of the other frontal faces.
    pub fn of<'a>(faces: impl Iterator<Item = &'a Face>, t: &Thresholds) -> (Self, ByPose) {
        let mut likeness = ByPose::default();
        let usable: Vec<(PoseBin, bool, &Embedding)> = faces
            .filter_map(|face| {
                let is_frontal = face.pose.is_within(t.portrait_deg);
                Some((
                    PoseBin::of(face.pose)?,
                    is_frontal,
                    face.embedding.as_ref()?,
                ))
            })
            .collect();
        let mean_but = |left_out: Option<usize>| {
            let frontal = usable
                .iter()
                .enumerate()
                .filter(|(i, (_, is_frontal, _))| *is_frontal && Some(*i) != left_out);
            Embedding::mean(frontal.map(|(_, (_, _, embedding))| *embedding))
        };
        let reference = mean_but(None);
        for (index, (bin, is_frontal, embedding)) in usable.iter().enumerate() {
            let others = if *is_frontal {
                mean_but(Some(index))
            } else {
                reference.clone()
            };
            if let Some(others) = others {
                likeness.add(*bin, others.cosine(embedding));
            }
        }
        let faces = PoseBin::ALL.into_iter().flat_map(|bin| {
            let of_bin: Vec<_> = usable.iter().filter(|(b, _, _)| *b == bin).collect();
            let step = of_bin.len().div_ceil(FACES_PER_POSE).max(1);
            let some = of_bin.into_iter().step_by(step);
            some.map(|(bin, _, embedding)| (*bin, (*embedding).clone()))
                .collect::<Vec<_>>()
        });
        let faces = faces.collect();
        (Self { reference, faces }, likeness)
    }

    /// Whether there are frontal faces with which others can be compared.
    pub fn has_reference(&self) -> bool {
        self.reference.is_some()
    }

    /// Counts how alike these faces are to the reference of `other`.
    fn compare(&self, other: &Self, into: &mut ByPose) {
        if let Some(reference) = &other.reference {
            for (bin, embedding) in &self.faces {
                into.add(*bin, reference.cosine(embedding));
            }
        }
    }
}

/// Likeness of faces of different captures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Likeness {
    /// Number of compared pairs of captures. Each pair is compared both ways.
    pub pairs: usize,
    /// Faces compared with the reference of another capture of the same subject.
    pub same_subject: ByPose,
    /// Faces compared with the reference of another subject.
    pub other_subject: ByPose,
}

impl Likeness {
    /// Compares two captures both ways.
    pub fn compare(&mut self, a: &Faces, b: &Faces, is_same_subject: bool) {
        let into = if is_same_subject {
            &mut self.same_subject
        } else {
            &mut self.other_subject
        };
        a.compare(b, into);
        b.compare(a, into);
        self.pairs += 1;
    }

    /// Adds the counts of another value.
    pub fn merge(&mut self, other: &Self) {
        self.pairs += other.pairs;
        self.same_subject.merge(&other.same_subject);
        self.other_subject.merge(&other.other_subject);
    }
}

/// Likeness of faces of different captures, over all captures and within each group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparisons {
    /// Over all captures.
    pub overall: Likeness,
    /// For pairs in which both captures belong to the group, by the group's name and value.
    pub groups: BTreeMap<String, BTreeMap<String, Likeness>>,
}

impl Comparisons {
    /// Compares all captures with one another that have a known subject and a reference.
    pub fn of(captures: &[(&Capture, Faces)]) -> Self {
        let mut all = Self::default();
        let known: Vec<(&Capture, &str, &Faces)> = captures
            .iter()
            .filter(|(_, faces)| faces.has_reference())
            .filter_map(|(capture, faces)| Some((*capture, capture.compared_as()?, faces)))
            .collect();
        for (index, (capture, subject, faces)) in known.iter().enumerate() {
            for (other, other_subject, other_faces) in known.iter().take(index) {
                let mut pair = Likeness::default();
                pair.compare(faces, other_faces, subject == other_subject);
                all.overall.merge(&pair);
                for (name, value) in &capture.groups {
                    if other.groups.get(name) == Some(value) {
                        let values = all.groups.entry(name.clone()).or_default();
                        values.entry(value.clone()).or_default().merge(&pair);
                    }
                }
            }
        }
        all
    }

    /// Adds the counts of another value.
    pub fn merge(&mut self, other: &Self) {
        self.overall.merge(&other.overall);
        for (name, values) in &other.groups {
            for (value, likeness) in values {
                let known = self.groups.entry(name.clone()).or_default();
                known.entry(value.clone()).or_default().merge(likeness);
            }
        }
    }
}
