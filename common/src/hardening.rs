//! Protection of a process's memory, in which frames, embeddings and keys are readable, and of the host
//! from ONNX Runtime's telemetry.

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Prevents other processes of the same user from reading this process's memory and environment, and the
/// kernel from writing it to a core file. Call it before anything else.
///
/// # Errors
/// The system's error. No case is known in which it refuses.
pub fn keep_memory_private() -> std::io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(setrlimit(Resource::Core, none)?)
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
