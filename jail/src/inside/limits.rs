//! Limits of memory, time, files and threads.
//!
//! They are limits of a process, and the program is one process: `seccomp` lets it start threads only. So
//! they limit all that the program does.

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::system::uname;

/// Address space, bytes. Libraries take a quarter of it, the reference frames of the largest clip another
/// quarter.
const MEMORY_BYTES: u64 = 1 << 30;

/// Most open files.
const FILES: u64 = 32;

/// A number of an open file that a program cannot have, with some to spare.
pub const FIRST_UNREACHABLE_FILE: i32 = 64;

/// Most threads, where they can be limited. `ffmpeg` 7 has about eight with one decoding thread.
const THREADS: u64 = 64;

/// First version of Linux that counts the threads of a user namespace by themselves. Older versions
/// count all threads of the user, and the limit would hit a busy worker.
const COUNTS_BY_NAMESPACE: (u32, u32) = (5, 14);

/// Forbids core files.
pub fn no_core_files() -> rustix::io::Result<()> {
    limit(Resource::Core, 0)
}

/// Limits this process for good. `has_namespaces` tells whether it is in a user namespace of its own.
pub fn apply(cpu_seconds: u64, has_namespaces: bool) -> rustix::io::Result<()> {
    limit(Resource::As, MEMORY_BYTES)?;
    limit(Resource::Cpu, cpu_seconds)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nofile, FILES)?;
    limit(Resource::Memlock, 0)?;
    limit(Resource::Msgqueue, 0)?;
    let version = version(&uname().release().to_string_lossy());
    if has_namespaces && version.is_some_and(|v| v >= COUNTS_BY_NAMESPACE) {
        limit(Resource::Nproc, THREADS)?;
    }
    Ok(())
}

fn limit(resource: Resource, limit: u64) -> rustix::io::Result<()> {
    let both = Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    setrlimit(resource, both)
}

/// The first two numbers of a kernel's release.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_kernel_is_read() {
        assert_eq!(version("6.18.44-generic"), Some((6, 18)));
        assert_eq!(version("5.10-rc1+"), Some((5, 10)));
        assert_eq!(version("unknown"), None);
    }
}
