//! The programs that read clips, `ffmpeg` and `ffprobe`, and the options that both take.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use livegate_jail::{Jail, Program};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::{ClipError, Unplayable};
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

/// The programs, and the jail in which they run.
#[derive(Debug)]
pub struct Tools {
    /// Starts them.
    pub jail: Jail,
    /// Decodes clips.
    pub ffmpeg: Program,
    /// Probes clips.
    pub ffprobe: Program,
}

impl Tools {
    /// The programs in `PATH`, as copies in memory where the system allows it.
    ///
    /// # Errors
    /// [`StartError::Program`] naming the one that is missing or cannot be read; [`StartError::Jail`].
    pub async fn open() -> Result<Self, StartError> {
        Ok(Self {
            jail: Jail::open().await?,
            ffmpeg: program("ffmpeg")?,
            ffprobe: program("ffprobe")?,
        })
    }

    /// Runs each program once. One that does not run as a copy runs from its file from then on: a
    /// program may search for libraries beside its file.
    ///
    /// # Errors
    /// [`StartError::Confined`] for the first that runs neither way.
    pub async fn check(&mut self) -> Result<(), StartError> {
        for (name, program) in [("ffmpeg", &mut self.ffmpeg), ("ffprobe", &mut self.ffprobe)] {
            let confined = |cause| StartError::Confined { name, cause };
            let Err(cause) = runs(&self.jail, program).await else {
                continue;
            };
            if !program.is_copy() {
                return Err(confined(cause));
            }
            *program = readable(name)?;
            runs(&self.jail, program).await.map_err(confined)?;
        }
        Ok(())
    }
}

fn program(name: &'static str) -> Result<Program, StartError> {
    let path = livegate_jail::find(name).ok_or(StartError::Program(name))?;
    Program::copied(&path).or_else(|_| readable(name))
}

fn readable(name: &'static str) -> Result<Program, StartError> {
    let path = livegate_jail::find(name).ok_or(StartError::Program(name))?;
    Program::readable(&path).map_err(|_| StartError::Program(name))
}

/// Runs a program that has nothing to read. The error says why it does not run.
async fn runs(jail: &Jail, program: &Program) -> Result<(), String> {
    let input = memory_file(&[]).map_err(|e| e.to_string())?;
    let spawned = jail.spawn(program, ["-version"], input, 2).await;
    let output = spawned.map_err(|e| e.to_string())?.output().await;
    let output = output.map_err(|e| e.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(format!("{} {words}", output.status))
}

/// Whether a program was killed, because its processor time ran out or the system ran out of memory.
fn is_out_of_time(status: ExitStatus) -> bool {
    status.signal() == Some(libc::SIGKILL)
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
    if is_out_of_time(status) {
        return Err(Unplayable::TooCostly.into());
    }
    match status.code() {
        // It was not started, or its libraries cannot be loaded.
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
