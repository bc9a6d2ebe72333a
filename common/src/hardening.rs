//! What keeps a process's memory its own: frames, embeddings and keys are readable in it.

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
