//! The programs that run in the jail, as unreadable copies in memory.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use rustix::fs::{
    MemfdFlags, Mode, OFlags, SealFlags, fchmod, fcntl_add_seals, memfd_create, open,
};
use rustix::io::Errno;

/// A program that can be started in a [`Jail`](crate::Jail).
///
/// What protects a process from others of the same user is that it is not *dumpable*. Starting a program
/// makes a process dumpable again, unless it may not read the program's file. So the program is copied
/// into memory, to a file that may be executed and not read.
#[derive(Debug)]
pub struct Program {
    name: OsString,
    /// Opened without rights to read or write. Children inherit it.
    file: OwnedFd,
    is_copy: bool,
}

impl Program {
    /// Copies a program into memory. The copy takes as much memory as the file, as long as the value
    /// lives; Debian's `ffmpeg` takes 0.3 MB.
    ///
    /// # Errors
    /// When the file cannot be read, or the system forbids executable files in memory.
    pub fn copied(path: &Path) -> io::Result<Self> {
        let copy = executable_memory()?;
        let mut copy = File::from(copy);
        io::copy(&mut File::open(path)?, &mut copy)?;
        fchmod(&copy, Mode::from_raw_mode(0o111))?;
        fcntl_add_seals(
            &copy,
            SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE,
        )?;
        let of_process = PathBuf::from(format!("/proc/self/fd/{}", copy.as_raw_fd()));
        Self::opened(path, &of_process, true)
    }

    /// The program's file itself. Other processes of the same user can read what it reads, unless the
    /// file is unreadable for them.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn readable(path: &Path) -> io::Result<Self> {
        Self::opened(path, path, false)
    }

    fn opened(path: &Path, file: &Path, is_copy: bool) -> io::Result<Self> {
        let name = path.file_name().unwrap_or(OsStr::new("program")).to_owned();
        // Not closed on exec: the launcher needs it. It gives the right to execute a public program, and
        // no other.
        let file = open(file, OFlags::PATH, Mode::empty())?;
        Ok(Self {
            name,
            file,
            is_copy,
        })
    }

    /// Name of the file.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// Whether it runs from an unreadable copy.
    pub fn is_copy(&self) -> bool {
        self.is_copy
    }

    /// The open file, for a child of this process.
    pub(crate) fn fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// Path of the open file, for this process and its children.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.fd()))
    }
}

/// An empty file in memory that may be executed.
fn executable_memory() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create("livegate-program", flags | MemfdFlags::EXEC) {
        // Before Linux 6.3 every such file is executable, and the flag is unknown.
        Err(Errno::INVAL) => Ok(memfd_create("livegate-program", flags)?),
        created => Ok(created?),
    }
}

/// The first program of that name in the folders of `PATH`.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .and_then(|file| file.canonicalize().ok())
}
