//! Namespaces of a program's own.
//!
//! They protect other processes from the program, not the program from others: the user who makes a
//! namespace has all rights in it.

use std::io;
use std::process::exit;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{ForkResult, fork};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, set_parent_process_death_signal,
    waitpid,
};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

/// Enters new namespaces, and returns whether it did.
///
/// A user namespace, because only in one of its own may a user without privileges make the others. It
/// maps no user: the program is nobody there. A namespace of processes: the kernel kills everything in it
/// when its first process ends. One of shared memory and message queues.
///
/// Container engines and some distributions forbid all of it.
pub fn enter() -> bool {
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWIPC;
    unshare(flags).is_ok()
}

/// Goes on as the first process of the new namespace. This process stays outside, waits for it and ends
/// as it ended.
pub fn become_first_process() -> io::Result<()> {
    // The pipe ends when the process outside ends.
    let (ended, outside) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    #[expect(
        unsafe_code,
        reason = "fork is unsafe only in a process with several threads"
    )]
    // SAFETY: The launcher has one thread.
    let forked = unsafe { fork() };
    match forked? {
        ForkResult::Parent { child } => {
            drop(ended);
            // The pipes of the program must end with the program.
            dup2_stdin(&outside)?;
            dup2_stdout(&outside)?;
            dup2_stderr(&outside)?;
            end_like(Pid::from_raw(child.as_raw()))
        }
        ForkResult::Child => {
            drop(outside);
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The process outside may have ended before.
            match rustix::io::read(&ended, &mut [0; 1]) {
                Err(Errno::AGAIN) => Ok(()),
                Ok(_) | Err(_) => Err(io::Error::other("the process outside has ended")),
            }
        }
    }
}

/// Waits for the program, and ends with its status or by its signal.
fn end_like(program: Option<Pid>) -> ! {
    let status = loop {
        match waitpid(program, WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            Ok(Some((_, status))) => break status,
            Ok(None) | Err(_) => exit(126),
        }
    };
    exit(status.exit_status().unwrap_or_else(|| die_like(status)))
}

/// Dies by the signal that ended the program. Returns a status for the case that it does not.
fn die_like(status: WaitStatus) -> i32 {
    let number = status.terminating_signal().unwrap_or(0);
    if let Some(signal) = Signal::from_named_raw(number) {
        // Twice: the first one may only remove a handler of the standard library.
        for _ in 0..2 {
            let _ = kill_process(getpid(), signal);
        }
    }
    128 + number
}
