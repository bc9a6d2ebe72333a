//! What keeps to a process what is its own: its memory, in which frames, embeddings and keys are readable,
//! and that it runs at all.

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Keeps other processes of the same user from reading this one's memory and environment, and the
/// kernel from writing it to a core file. Call it first thing.
///
/// # Errors
/// The system's, which is not known to refuse.
pub fn keep_memory_private() -> std::io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(setrlimit(Resource::Core, none)?)
}

/// ONNX Runtime's own name for it, read when the library starts.
const NO_TELEMETRY: &str = "ORT_DISABLE_TELEMETRY";

/// Makes sure that ONNX Runtime's telemetry never starts.
///
/// Left to itself the library writes a number for the device and a database of events under `$HOME/.cache`, to
/// be sent to its makers, and has begun before its API can tell it not to.
///
/// Call it before all else: the variable that forbids it cannot be set safely once there are threads, so
/// the process begins anew with it.
///
/// # Errors
/// The system's, when the program cannot be started again.
pub fn without_runtime_telemetry() -> std::io::Result<()> {
    if std::env::var_os(NO_TELEMETRY).is_some_and(|value| value == "1") {
        return Ok(());
    }
    let mut arguments = std::env::args_os();
    let mut again = Command::new(std::env::current_exe()?);
    again.arg0(arguments.next().unwrap_or_default());
    // It returns only where it fails.
    Err(again.args(arguments).env(NO_TELEMETRY, "1").exec())
}
