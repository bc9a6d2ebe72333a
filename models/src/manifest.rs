//! The manifest: the files that are fetched, their sources, and what they are prepared into.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::network::AntiSpoofSettings;

/// The content of `manifest.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Every package, for all architectures, including those for tests.
    #[serde(rename = "archive")]
    pub archives: Vec<Archive>,
    /// Anti-spoof models that are in no package. An operator adds them explicitly.
    #[serde(default)]
    pub optional: Vec<OptionalModel>,
    /// Names of optional models that are used together with the shipped one. The best set comes first.
    #[serde(default)]
    pub optional_sets: Vec<Vec<String>>,
}

/// An anti-spoof model that is not shipped.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionalModel {
    /// File name, in a mirror folder and in the cache.
    pub name: String,
    /// sha256 of the file as published, hex.
    pub sha256: String,
    /// SPDX identifier of its repository's licence.
    pub licence: String,
    /// Repository and network, in words.
    pub origin: String,
    /// What an operator should know before using the model.
    pub note: String,
    /// How the file is prepared.
    pub recipe: Recipe,
    /// sha256 of the prepared file, hex.
    pub output_sha256: String,
    /// Public address of exactly this file; `None` if no such address is known.
    pub address: Option<PublicFile>,
    /// How the model's input is made and its output read.
    pub settings: AntiSpoofSettings,
}

/// A file in a public repository, at one commit.
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

/// A package at one version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The registry whose client fetches the package.
    pub registry: Registry,
    /// Name of the package.
    pub package: String,
    /// Version of the package.
    pub version: String,
    /// The only architecture that needs the package, as Rust names it; `None` for all.
    pub arch: Option<String>,
    /// Flags that make pip choose exactly this file on any host.
    #[serde(default)]
    pub flags: Vec<String>,
    /// sha256 of the archive, hex.
    pub sha256: String,
    /// The files that are taken from the archive.
    #[serde(rename = "file")]
    pub files: Vec<SourceFile>,
}

/// A package registry, identified by its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    /// npm: `npm pack` gives a gzipped tar.
    Npm,
    /// PyPI: `pip download` gives a wheel, which is a zip.
    Pypi,
}

/// A file inside an archive, and the output prepared from it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Path in the archive. A second element is the path in the first file, which is a zip itself.
    pub path: Vec<String>,
    /// sha256 of the file as packaged, hex.
    pub sha256: String,
    /// SPDX identifier, or "public domain".
    pub licence: String,
    /// A note for operators.
    pub note: String,
    /// What the worker uses the file for.
    pub role: Role,
    /// How the file is prepared.
    pub recipe: Recipe,
    /// Path in the cache, `/`-separated.
    pub output: String,
    /// sha256 of the prepared output, hex.
    pub output_sha256: String,
}

/// What a prepared file is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Face detector: finds faces in a frame.
    Detector,
    /// Landmark model: finds 478 points of a face.
    Landmarks,
    /// Expression model: expression scores from landmarks.
    Blendshapes,
    /// The face in whose coordinates poses are measured.
    CanonicalFace,
    /// Anti-spoof model: distinguishes bona fide presentations from attacks.
    AntiSpoof,
    /// Embedding model: turns a face into a vector.
    Embedder,
    /// ONNX Runtime, a shared library.
    Runtime,
    /// A file that only tests use.
    TestAsset,
}

/// How a file is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// The file is copied unchanged.
    Copy,
    /// YuNet: block-quantised weights become floats, and the image size becomes variable.
    Yunet,
    /// The 478-point landmark network: TFLite becomes ONNX in NCHW, and PReLU is rewritten.
    LandmarksTflite,
    /// The blendshape network: TFLite becomes ONNX.
    BlendshapesTflite,
    /// An ONNX network: odd channel counts are widened to multiples of eight, and PReLU is rewritten.
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

    /// The archives that this machine needs; with `test_assets` also those for tests.
    pub fn wanted(&self, test_assets: bool) -> impl Iterator<Item = &Archive> {
        self.archives.iter().filter(move |archive| {
            archive.is_for(std::env::consts::ARCH) && (test_assets || !archive.is_for_tests())
        })
    }

    /// The file that this machine uses for a role by default; `None` if its architecture has none.
    #[must_use]
    pub fn file(&self, role: Role) -> Option<&SourceFile> {
        self.wanted(true)
            .flat_map(|archive| &archive.files)
            .find(|file| file.role == role)
    }
}

impl Archive {
    /// Whether a machine of this architecture needs the archive.
    #[must_use]
    pub fn is_for(&self, arch: &str) -> bool {
        self.arch.as_ref().is_none_or(|own| own == arch)
    }

    /// Whether only tests use the archive.
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
