//! Protection of a process's memory, in which frames, embeddings and keys are readable: from other
//! processes, from core files and from swap. And of the host from ONNX Runtime's telemetry.

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use rustix::thread::{CapabilitySet, capabilities};

/// Prevents other processes of the same user from reading this process's memory and environment, and the
/// kernel from writing it to a core file. Call it before anything else.
///
/// # Errors
/// The system's error. No case is known in which it refuses.
pub fn keep_memory_private() -> std::io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(setrlimit(Resource::Core, limit_of(Some(0)))?)
}

/// Keeps this process's memory out of swap, and tells the log if that is not allowed. Call it once, at the
/// start of a server.
///
/// Memory is locked as it is first used. That covers this process only: not the decoder of a clip, nor the
/// file in memory from which it reads.
pub fn keep_memory_out_of_swap() {
    if !has_swap() {
        // Locked memory goes back to the system later: not for nothing.
        tracing::debug!("The memory is not locked: this host has no swap");
        return;
    }
    match lock_memory() {
        Ok(true) => tracing::debug!("The memory is locked: none of it is written to swap"),
        Ok(false) | Err(_) => tracing::warn!(
            "The memory of this process can be written to swap: turn swap off or encrypt it, or raise the limit of locked memory (`ulimit -l unlimited`)"
        ),
    }
}

/// Whether the host swaps. Where that is unknown, it may.
fn has_swap() -> bool {
    // A line of titles, then one for each place.
    std::fs::read_to_string("/proc/swaps").map_or(true, |places| places.lines().count() > 1)
}

/// Locks the memory of now and of later. Returns whether that is allowed.
///
/// Under a limit, memory beyond it could not be allocated at all any more. So nothing is locked then.
fn lock_memory() -> std::io::Result<bool> {
    let limit = getrlimit(Resource::Memlock);
    let is_unlimited = limit.maximum.is_none();
    if is_unlimited {
        setrlimit(Resource::Memlock, limit_of(limit.maximum))?;
    } else if !capabilities(None)?
        .effective
        .contains(CapabilitySet::IPC_LOCK)
    {
        return Ok(false);
    }
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)?;
    Ok(true)
}

fn limit_of(both: Option<u64>) -> Rlimit {
    Rlimit {
        current: both,
        maximum: both,
    }
}

/// ONNX Runtime's variable for this, read when the library starts.
const NO_TELEMETRY: &str = "ORT_DISABLE_TELEMETRY";

/// Prevents ONNX Runtime's telemetry from starting.
///
/// By default the library writes a number for the device and a database of events under `$HOME/.cache`, to
/// be sent to its makers. It begins before its API can forbid it.
///
/// Call it before everything else. The variable that forbids telemetry cannot be set safely once there are
/// threads, so the process starts itself again with the variable set.
///
/// # Errors
/// The system's error if the program cannot be started again.
pub fn without_runtime_telemetry() -> std::io::Result<()> {
    if std::env::var_os(NO_TELEMETRY).is_some_and(|value| value == "1") {
        return Ok(());
    }
    let mut arguments = std::env::args_os();
    let mut again = Command::new(std::env::current_exe()?);
    again.arg0(arguments.next().unwrap_or_default());
    // `exec` returns only if it fails.
    Err(again.args(arguments).env(NO_TELEMETRY, "1").exec())
}
