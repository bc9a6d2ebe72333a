//! Runs programs that read hostile bytes with the fewest rights they need.
//!
//! A child reads one file, its standard input, and writes to two pipes. The kernel allows it little
//! else: it may read libraries (Landlock). It has no network, no access to other processes (seccomp,
//! Landlock), no capabilities and no environment. Memory, processor time and the size of written files
//! are limited. It is killed when its [`Child`] is dropped. What it could still do is start processes
//! that outlive it, within the same bounds.
//!
//! Restrictions apply to a thread, and children inherit them. So each child is started by a thread of
//! its own, which gives up its rights for good, starts the child and ends.

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
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Address space of a child, bytes. Libraries take a quarter of it, the reference frames of the largest
/// clip another quarter.
const MEMORY_BYTES: u64 = 1 << 30;

/// Most open files of a child.
const FILES: u64 = 32;

/// Folders that libraries are read from.
const LIBRARIES: [&str; 6] = [
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
];

/// System calls that a decoder does not need.
const DENIED: &[i64] = &[
    // The network, and memory that outlives a process.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    // Other processes.
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pidfd_getfd,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    // Changes to files, which it cannot open anyway.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_utimensat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_futimesat,
    // Powerful kernel interfaces.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_io_setup,
    libc::SYS_io_uring_setup,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_fsopen,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// Starts `program` with `input` as its standard input and two pipes, limited to `cpu_seconds` of
/// processor time.
///
/// Call it inside a tokio runtime. The child is killed when the value is dropped.
///
/// # Errors
/// When the program cannot be started or restricted.
pub async fn spawn<S: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = S>,
    input: OwnedFd,
    cpu_seconds: u64,
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
    let (runtime, program) = (Handle::current(), program.to_owned());
    let (reply, started) = oneshot::channel();
    std::thread::Builder::new()
        .name("jail".to_owned())
        .spawn(move || {
            let _runtime = runtime.enter();
            let child = give_up_rights(Some(&program)).and_then(|_| command.spawn());
            let _ = reply.send(child);
        })?;
    let child = started
        .await
        .unwrap_or_else(|_| Err(io::Error::other("the thread that starts it panicked")))?;
    limit(&child, cpu_seconds)?;
    Ok(child)
}

/// Whether this kernel can deny a program all other files and connections. On older kernels (Linux
/// before 5.13) only the other restrictions apply.
pub fn is_confined() -> bool {
    std::thread::spawn(|| give_up_rights(None))
        .join()
        .is_ok_and(|confined| confined.unwrap_or(false))
}

/// The first program of that name in the folders of `PATH`.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .and_then(|file| file.canonicalize().ok())
}

/// Whether a child was killed, because its processor time ran out or the system ran out of memory.
pub fn is_out_of_time(status: ExitStatus) -> bool {
    status.signal() == Some(libc::SIGKILL)
}

/// Restricts this thread for good. Returns whether access to files is restricted, too.
fn give_up_rights(program: Option<&Path>) -> io::Result<bool> {
    // Root's capabilities, too: without new privileges a program cannot get them back.
    let none = CapabilitySet::empty();
    let nothing = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    set_capabilities(None, nothing)?;
    let confined = confine(program).map_err(io::Error::other)?;
    seccompiler::apply_filter(&filter().map_err(io::Error::other)?).map_err(io::Error::other)?;
    Ok(confined)
}

fn filter() -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        DENIED.iter().map(|call| (*call, Vec::new())).collect();
    // Denies changing the limits of other processes. The C library reads its own limits through this
    // call.
    let of_others = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, 0)?;
    rules.insert(
        libc::SYS_prlimit64,
        vec![SeccompRule::new(vec![of_others])?],
    );
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Allow, refused, arch)?.try_into()
}

/// Applies all Landlock rules that this kernel knows; older kernels know fewer.
fn confine(program: Option<&Path>) -> Result<bool, landlock::RulesetError> {
    let abi = ABI::V6;
    let readable = LIBRARIES.iter().map(Path::new).chain(program);
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

/// Sets the child's limits. It has been running for some microseconds by then; loading its libraries
/// takes tens of milliseconds.
fn limit(child: &Child, cpu_seconds: u64) -> io::Result<()> {
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    // Without a process id the child has ended. Without this check the limits would apply to this
    // process.
    if pid.is_none() {
        return Ok(());
    }
    for (resource, limit) in [
        (Resource::As, MEMORY_BYTES),
        (Resource::Cpu, cpu_seconds),
        (Resource::Fsize, 0),
        (Resource::Nofile, FILES),
        (Resource::Core, 0),
    ] {
        let both = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        prlimit(pid, resource, both)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
