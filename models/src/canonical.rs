//! The canonical face, in whose coordinates head poses are measured.

use prost::Message;

/// Number of points of the mesh. The 10 iris points of the landmark model have no counterpart in it.
const VERTICES: usize = 468;
/// Numbers for each vertex: x, y, z and a texture coordinate.
const STRIDE: usize = 5;

/// The canonical face of MediaPipe, in metric space.
///
/// Coordinates are right-handed, in centimetres: x to the viewer's right, y up, z towards the viewer. Image
/// landmarks must have y and z mirrored before they are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct CanonicalFace {
    /// x, y, z of the first 468 landmarks, in their order.
    pub vertices: Vec<[f32; 3]>,
    /// Indices of the landmarks that determine the pose, with their weights. Weights are above 0; their sum
    /// is not fixed.
    pub weights: Vec<(usize, f32)>,
}

/// The message `GeometryPipelineMetadata` of MediaPipe's `geometry_pipeline_metadata.proto`.
#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(message, optional, tag = "1")]
    canonical_mesh: Option<Mesh>,
    #[prost(message, repeated, tag = "2")]
    procrustes_landmark_basis: Vec<WeightedLandmark>,
}

#[derive(Clone, PartialEq, Message)]
struct Mesh {
    #[prost(float, repeated, tag = "3")]
    vertex_buffer: Vec<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct WeightedLandmark {
    #[prost(uint32, tag = "1")]
    landmark_id: u32,
    #[prost(float, tag = "2")]
    weight: f32,
}

impl CanonicalFace {
    /// Reads `geometry_pipeline_metadata_landmarks.binarypb`. `None` if the bytes are not such a file.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let metadata = Metadata::decode(bytes).ok()?;
        let buffer = metadata.canonical_mesh?.vertex_buffer;
        let vertices: Vec<[f32; 3]> = buffer
            .as_chunks::<STRIDE>()
            .0
            .iter()
            .map(|&[x, y, z, _, _]| [x, y, z])
            .collect();
        let weights: Vec<(usize, f32)> = metadata
            .procrustes_landmark_basis
            .iter()
            .map(|point| Some((usize::try_from(point.landmark_id).ok()?, point.weight)))
            .collect::<Option<_>>()?;
        let sound = vertices.len() == VERTICES
            && vertices.iter().flatten().all(|value| value.is_finite())
            && weights.len() >= 3
            && weights
                .iter()
                .all(|&(id, weight)| id < VERTICES && weight.is_finite() && weight > 0.0);
        sound.then_some(Self { vertices, weights })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(vertices: usize, ids: &[u32]) -> Vec<u8> {
        let mut vertex_buffer = Vec::new();
        for i in 0..vertices {
            vertex_buffer.extend([i as f32, 1.0, 2.0, 0.5, 0.5]);
        }
        Metadata {
            canonical_mesh: Some(Mesh { vertex_buffer }),
            procrustes_landmark_basis: ids
                .iter()
                .map(|&landmark_id| WeightedLandmark {
                    landmark_id,
                    weight: 0.1,
                })
                .collect(),
        }
        .encode_to_vec()
    }

    #[test]
    fn vertices_and_weights_keep_their_order() {
        let face = CanonicalFace::parse(&metadata(468, &[4, 33, 263])).unwrap();
        assert_eq!(face.vertices[467], [467.0, 1.0, 2.0]);
        assert_eq!(face.weights, [(4, 0.1), (33, 0.1), (263, 0.1)]);
    }

    #[test]
    fn files_that_would_misplace_points_are_refused() {
        assert_eq!(CanonicalFace::parse(&metadata(467, &[4, 33, 263])), None);
        assert_eq!(CanonicalFace::parse(&metadata(468, &[4, 33, 468])), None);
        assert_eq!(CanonicalFace::parse(&metadata(468, &[4, 33])), None);
        let whole = metadata(468, &[4, 33, 263]);
        assert_eq!(CanonicalFace::parse(&whole[..whole.len() / 2]), None);
        assert_eq!(CanonicalFace::parse(&[]), None);
    }
}
