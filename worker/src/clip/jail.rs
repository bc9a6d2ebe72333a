//! Programs that read hostile bytes, run with as few rights as they need.
//!
//! A child reads one file, its standard input, and writes to two pipes. Beyond that it has what the
//! kernel leaves it: libraries to read (Landlock), no network and no way to look into other
//! processes (seccomp, Landlock), no environment, and limits on memory, processor time and what it
//! may write. It dies with the value that stands for it.
//!
//! The restrictions are those of a thread, and children inherit them: each child is started by a
//! thread that gives up its rights for good, starts it and ends.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    Scope, path_beneath_rules,
};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Address space of a child, bytes. Libraries take a quarter of it, the reference frames of the
/// largest clip another.
const MEMORY_BYTES: u64 = 1 << 30;

/// Processor time of a child, seconds.
pub const CPU_SECONDS: u64 = 10;

/// Open files of a child.
const FILES: u64 = 32;

/// What a program and its libraries are read from.
const SYSTEM: [&str; 6] = [
    "/usr",
    "/bin",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
];

/// Calls that a decoder has no use for: the network, other processes, the kernel's doors.
const DENIED: [i64; 19] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_mount,
    libc::SYS_setns,
    libc::SYS_unshare,
];

/// Starts `program` with `input` as its standard input, on two pipes. Call it inside a tokio
/// runtime. The child is killed when the value is dropped.
///
/// # Errors
/// When it cannot be started or restricted.
pub async fn spawn<S: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = S>,
    input: OwnedFd,
) -> io::Result<Child> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(input))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let (runtime, folder) = (Handle::current(), program.parent().map(Path::to_owned));
    let (reply, started) = oneshot::channel();
    std::thread::Builder::new()
        .name("jail".to_owned())
        .spawn(move || {
            let _runtime = runtime.enter();
            let child = give_up_rights(folder)
                .and_then(|_| command.spawn())
                .and_then(limited);
            let _ = reply.send(child);
        })?;
    started
        .await
        .unwrap_or_else(|_| Err(io::Error::other("the thread that starts it panicked")))
}

/// Whether this kernel can keep a program from files and connections that are not its own. Where it
/// cannot (Linux before 5.13), the other restrictions hold.
pub fn is_confined() -> bool {
    std::thread::spawn(|| give_up_rights(None))
        .join()
        .is_ok_and(|confined| confined.unwrap_or(false))
}

/// The program of that name in the folders of `PATH`.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .and_then(|file| file.canonicalize().ok())
}

/// Whether a child was killed: for having used up its time, or by a system out of memory.
pub fn is_out_of_time(status: ExitStatus) -> bool {
    status.signal() == Some(libc::SIGKILL)
}

/// Restricts this thread, for good; says whether files are restricted, too.
fn give_up_rights(program: Option<PathBuf>) -> io::Result<bool> {
    let confined = confine(program).map_err(io::Error::other)?;
    let rules: BTreeMap<i64, Vec<_>> = DENIED.iter().map(|call| (*call, Vec::new())).collect();
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let arch = std::env::consts::ARCH
        .try_into()
        .map_err(io::Error::other)?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, arch);
    let filter: BpfProgram = filter
        .and_then(TryInto::try_into)
        .map_err(io::Error::other)?;
    seccompiler::apply_filter(&filter).map_err(io::Error::other)?;
    Ok(confined)
}

/// As much as the kernel knows of it; older ones know less.
fn confine(program: Option<PathBuf>) -> Result<bool, landlock::RulesetError> {
    let abi = ABI::V6;
    let readable = SYSTEM.iter().map(PathBuf::from).chain(program);
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(readable, AccessFs::from_read(abi)))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => true,
        RulesetStatus::NotEnforced => false,
    })
}

/// Sets the child's limits. It has been running for some microseconds of the tens of milliseconds
/// that it takes to load its libraries.
fn limited(child: Child) -> io::Result<Child> {
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let Some(pid) = pid else { return Ok(child) };
    for (resource, limit) in [
        (Resource::As, MEMORY_BYTES),
        (Resource::Cpu, CPU_SECONDS),
        (Resource::Fsize, 0),
        (Resource::Nofile, FILES),
        (Resource::Core, 0),
    ] {
        let both = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        prlimit(Some(pid), resource, both)?;
    }
    Ok(child)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::clip::tools::memory_file;

    /// What a script writes, and how it ends, when it runs as a decoder does.
    async fn run(script: &str) -> (String, ExitStatus) {
        let input = memory_file(b"the clip").unwrap();
        let mut child = spawn(Path::new("/bin/sh"), ["-c", script], input)
            .await
            .unwrap();
        let mut text = String::new();
        let mut out = child.stdout.take().unwrap();
        out.read_to_string(&mut text).await.unwrap();
        (text, child.wait().await.unwrap())
    }

    #[tokio::test]
    async fn a_child_reads_its_input_as_often_as_it_likes() {
        let (text, status) = run("cat /proc/self/fd/0; cat /proc/self/fd/0").await;
        assert_eq!(text, "the clipthe clip");
        assert!(status.success());
    }

    #[tokio::test]
    async fn a_child_cannot_change_its_input_nor_write_files() {
        let (text, _) = run(
            "echo x > /proc/self/fd/0 || echo sealed; echo x > /tmp/livegate-jail || echo kept",
        )
        .await;
        assert!(!text.contains('x'), "{text}");
        assert!(!Path::new("/tmp/livegate-jail").exists());
    }

    #[tokio::test]
    async fn a_child_sees_neither_files_nor_environment_nor_other_processes() {
        if !is_confined() {
            eprintln!("SKIPPED: this kernel has no Landlock");
            return;
        }
        let parent = std::process::id();
        let script = format!(
            "cat /etc/passwd /etc/hostname /proc/{parent}/environ /proc/{parent}/maps; ls /root /tmp /home; env | grep -v -E '^(PWD|_|SHLVL|OLDPWD)='"
        );
        let (text, _) = run(&script).await;
        assert_eq!(text, "");
    }

    #[tokio::test]
    async fn a_child_opens_no_connection() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = format!(
            "exec /bin/bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && echo tcp; exec 4<>/dev/udp/127.0.0.1/{port} && echo udp'"
        );
        let (text, status) = run(&script).await;
        assert!(text.is_empty() && !status.success(), "{text}");
    }

    #[tokio::test]
    async fn a_child_that_takes_too_much_memory_fails() {
        // A string that doubles for as long as it may.
        let (_, status) = run("s=x; while :; do s=$s$s; done").await;
        assert!(!status.success());
    }

    #[tokio::test]
    async fn a_child_dies_with_the_value_that_stands_for_it() {
        let input = memory_file(b"").unwrap();
        let mut child = spawn(Path::new("/bin/sh"), ["-c", "echo; exec sleep 1000"], input)
            .await
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        out.read_u8().await.unwrap();
        drop(child);
        // Its end of the pipe closes with it.
        let end = tokio::time::timeout(Duration::from_secs(60), out.read_u8()).await;
        assert!(end.unwrap().is_err());
    }
}
