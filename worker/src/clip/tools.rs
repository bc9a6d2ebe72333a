//! The programs that read clips, `ffmpeg` and `ffprobe`, and the options that both take.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::OnceLock;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::{ClipError, Unplayable, jail};
use crate::analyzer::StartError;

/// Path of the clip for the programs: their standard input, opened anew so that it can be searched
/// (`moov` may be at its end).
pub const INPUT: &str = "file:/proc/self/fd/0";

/// Options of the input that both programs take: one protocol, one thread.
pub const COMMON: [&str; 4] = ["-protocol_whitelist", "file", "-threads", "1"];

/// Video decoders that may be used, by `ffmpeg`'s names.
pub const DECODERS: &str = "h264,hevc,mpeg4,vp8,libvpx,vp9,libvpx-vp9,av1,libdav1d";

/// Longest line of a program's messages that is kept whole, bytes. Longer ones are split.
const LONGEST_LINE: u64 = 4096;

/// Paths of the programs.
#[derive(Debug)]
pub struct Tools {
    /// Decodes clips.
    pub ffmpeg: PathBuf,
    /// Probes clips.
    pub ffprobe: PathBuf,
}

impl Tools {
    /// The programs in `PATH`, searched for once in a process.
    ///
    /// # Errors
    /// [`StartError::Program`] naming the one that is missing.
    pub fn find() -> Result<&'static Self, StartError> {
        static FOUND: OnceLock<Tools> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(found);
        }
        let find = |name| jail::find(name).ok_or(StartError::Program(name));
        let found = Self {
            ffmpeg: find("ffmpeg")?,
            ffprobe: find("ffprobe")?,
        };
        Ok(FOUND.get_or_init(|| found))
    }
}

/// Puts bytes into a sealed file in memory: on no disk, and not writable.
pub fn memory_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    let file = memfd_create(
        "livegate-clip",
        MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
    )?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = rustix::io::write(&file, rest)?;
        rest = rest.get(written..).unwrap_or_default();
    }
    fcntl_add_seals(
        &file,
        SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE,
    )?;
    Ok(file)
}

/// What the exit status of a program means for the clip.
///
/// # Errors
/// [`Unplayable`] when the program rejected the clip; [`ClipError::Failed`] when it did not run.
pub fn judge_end(program: &str, status: ExitStatus) -> Result<(), ClipError> {
    if status.success() {
        return Ok(());
    }
    if jail::is_out_of_time(status) {
        return Err(Unplayable::TooCostly.into());
    }
    match status.code() {
        // The libraries of the program cannot be loaded.
        Some(126 | 127) => Err(ClipError::failed(program, &status)),
        Some(_) => Err(Unplayable::Damaged.into()),
        None => {
            tracing::warn!("{program} crashed on a clip: {status}");
            Err(Unplayable::Damaged.into())
        }
    }
}

/// Calls `look` with each line that a program writes, until its end. A line without an end comes in
/// pieces.
pub async fn for_each_line(out: impl AsyncRead + Unpin, mut look: impl FnMut(&str)) {
    let mut out = BufReader::new(out);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut piece = (&mut out).take(LONGEST_LINE);
        match piece.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => look(&String::from_utf8_lossy(&line)),
        }
    }
}
