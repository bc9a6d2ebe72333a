//! What a receipt says.

use livegate_liveness::challenge::Angles;
use livegate_liveness::thresholds::{ModelSetId, Models};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::contract::attestation::AttestationHash;
use crate::contract::established::Established;
use crate::contract::reason::ReasonCode;
use crate::contract::reference::ReferenceMatch;

/// A final verdict, as a receipt states it. Nothing biometric: pictures and embeddings only as hashes.
#[derive(Debug, Serialize)]
pub struct Statement {
    /// The session.
    #[serde(rename = "sub")]
    pub session_id: String,
    /// Our id of the request that reached the verdict, as in the audit log.
    #[serde(rename = "jti")]
    pub request_id: String,
    /// Id of the API key, never the key itself.
    pub key_id: String,
    /// The API.
    pub api: Api,
    /// `images`, `video` or `interactive`.
    pub mode: &'static str,
    /// Whether the outcome was chosen beforehand, with a test key; left out if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Whether a live person did what the challenge asks.
    pub verified: bool,
    /// The reasons, in the documented order.
    pub reason_codes: Vec<ReasonCode>,
    /// Combined confidence, 0 to 1; null unless verified by the server-to-server API.
    pub confidence: Option<f64>,
    /// Mean anti-spoof score, 0 to 1; null where nothing was measured.
    pub anti_spoof_avg_score: Option<f64>,
    /// Consistency of all frames with one person, 0 to 1; null where nothing was measured.
    pub same_person_score: Option<f64>,
    /// How like the caller's reference the face is; null without a reference, and where the capture does not show one
    /// person's face.
    pub reference_match: Option<ReferenceMatch>,
    /// The challenge.
    pub challenge: ChallengeStatement,
    /// What was established beyond the pixels.
    pub evidence_level: Vec<Established>,
    /// SHA-256 of the best frame, a JPEG, hexadecimal; null where none was sent.
    pub best_frame_sha256: Option<String>,
    /// SHA-256 of the embedding as 512 floats of 4 bytes, little-endian, hexadecimal; null where none was sent.
    pub embedding_sha256: Option<String>,
    /// SHA-256 of the caller's `attestation`, hexadecimal; null where none was sent.
    pub attestation_sha256: Option<String>,
    /// The models that measured; for the claim `operating_point`.
    #[serde(skip)]
    pub models: Option<ModelSetId>,
}

/// The two APIs.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// `/v1/liveness`.
    ServerToServer,
    /// `/api/v1/liveness`.
    Interactive,
}

/// The challenge that was asked for.
#[derive(Debug, Serialize)]
pub struct ChallengeStatement {
    /// The actions or challenge types, in their order.
    pub actions: Vec<&'static str>,
    /// Those that were done.
    pub completed: Vec<&'static str>,
    /// |yaw| that a turn must reach, degrees.
    pub yaw_deg: f32,
    /// |pitch| that a look up or down must reach, degrees.
    pub pitch_deg: f32,
    /// Eye aspect ratio below which eyes count as closed.
    pub blink_ear: f32,
    /// Whether the frames were mirror images.
    pub mirrored: bool,
}

impl ChallengeStatement {
    /// A challenge with these actions and angles.
    pub fn new(
        actions: Vec<&'static str>,
        completed: Vec<&'static str>,
        angles: &Angles,
        mirrored: bool,
    ) -> Self {
        Self {
            actions,
            completed,
            yaw_deg: angles.yaw_deg,
            pitch_deg: angles.pitch_deg,
            blink_ear: angles.blink_ear,
            mirrored,
        }
    }
}

/// Everything that is signed.
#[derive(Serialize)]
pub(super) struct Claims<'a> {
    /// Who signs: `LIVEGATE_RECEIPT_ISSUER`.
    pub iss: &'a str,
    /// When the verdict was reached, Unix seconds.
    pub iat: u64,
    #[serde(flatten)]
    pub statement: &'a Statement,
    pub operating_point: PointClaim<'a>,
    /// Version of the program.
    pub version: &'static str,
}

/// The numbers and the models that decided.
#[derive(Serialize)]
pub(super) struct PointClaim<'a> {
    /// `shipped`, or the name of the file of thresholds.
    pub name: &'a str,
    /// SHA-256 of the file of thresholds, hexadecimal.
    pub sha256: &'a str,
    /// The set of models; null where nothing was measured.
    pub models: Option<ModelsClaim<'a>>,
}

/// A set of models: its name, and the SHA-256 of each file, hexadecimal.
#[derive(Serialize)]
pub(super) struct ModelsClaim<'a> {
    name: &'a str,
    detector: &'a str,
    landmarks: &'a str,
    blendshapes: &'a str,
    embedder: &'a str,
    anti_spoof: &'a [String],
}

impl<'a> From<&'a Models> for ModelsClaim<'a> {
    fn from(models: &'a Models) -> Self {
        Self {
            name: &models.name,
            detector: &models.detector,
            landmarks: &models.landmarks,
            blendshapes: &models.blendshapes,
            embedder: &models.embedder,
            anti_spoof: &models.anti_spoof,
        }
    }
}

/// The hash of an attestation, as a claim.
pub fn attestation(hash: Option<AttestationHash>) -> Option<String> {
    hash.map(AttestationHash::to_hex)
}

/// SHA-256 of bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of an embedding as 4-byte little-endian floats, hexadecimal.
pub fn embedding_sha256(embedding: &[f32]) -> String {
    let mut hash = Sha256::new();
    for value in embedding {
        hash.update(value.to_le_bytes());
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
