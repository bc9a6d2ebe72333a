//! What the launcher does: it gives up its rights, step by step, and becomes the program.
//!
//! The order matters. Each step needs rights that a later one takes away.

mod calls;
mod landlock;
mod limits;
mod namespaces;
mod seccomp;

use std::convert::Infallible;
use std::ffi::{CString, NulError, OsString};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use nix::fcntl::AtFlags;
use nix::unistd::execveat;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{
    DumpableBehavior, Signal, getppid, set_dumpable_behavior, set_parent_process_death_signal,
    setsid,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

use crate::abilities::Abilities;
use crate::order::{Order, Run};

/// Exit status of a launcher that could not become the program. Shells use the same.
const FAILED: u8 = 126;

/// Why the launcher did not become the program.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("it is started by Livegate's other programs, and not by hand")]
    NoOrder,
    #[error("the process that started it has ended")]
    Orphan,
    #[error("{step}: {cause}")]
    System {
        step: &'static str,
        cause: io::Error,
    },
    #[error("Landlock: {0}")]
    Landlock(#[from] ::landlock::RulesetError),
    #[error("seccomp: {0}")]
    Filter(#[from] seccompiler::BackendError),
    #[error("seccomp: {0}")]
    Seccomp(#[from] seccompiler::Error),
    #[error("an argument holds a zero byte")]
    Argument(#[from] NulError),
}

impl Error {
    fn at<E: Into<io::Error>>(step: &'static str) -> impl Fn(E) -> Self {
        move |cause| Self::System {
            step,
            cause: cause.into(),
        }
    }
}

/// Carries out the order that these arguments state. Returns only when there is no program to become.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let done = match Order::parse(arguments) {
        Some(Order::Report) => report(),
        Some(Order::Run(order)) => run(order).map(|never| match never {}),
        None => Err(Error::NoOrder),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            // Nobody may be listening.
            let _ = writeln!(io::stderr(), "livegate-jail: {e}");
            FAILED.into()
        }
    }
}

/// Tries every layer that depends on the kernel, and reports which of them there are.
fn report() -> Result<(), Error> {
    let namespaces = namespaces::enter();
    give_up_capabilities()?;
    let landlock = landlock::apply(None)?;
    let abilities = Abilities {
        landlock,
        namespaces,
        unreadable: false,
    };
    writeln!(io::stdout(), "{}", abilities.to_line()).map_err(Error::at("reporting"))
}

fn run(order: Run) -> Result<Infallible, Error> {
    // Needed only where the launcher itself is not an unreadable copy.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(Error::at("keeping the memory private"))?;
    limits::no_core_files().map_err(Error::at("core files"))?;
    die_with(order.parent)?;
    // No signals from the terminal. It fails only for the leader of a group, which needs none.
    let _ = setsid();
    let program = program(&order).map_err(Error::at("opening the program"))?;
    let filters = seccomp::filters(&program)?;
    let words = order.words.into_iter().map(|w| CString::new(w.into_vec()));
    let words = words.collect::<Result<Vec<_>, _>>()?;

    let has_namespaces = namespaces::enter();
    if has_namespaces {
        namespaces::become_first_process().map_err(Error::at("the first process"))?;
    }
    limits::apply(order.cpu_seconds, has_namespaces).map_err(Error::at("limits"))?;
    give_up_capabilities()?;
    landlock::apply((!order.is_copy).then_some(&program))?;
    seccomp::apply(&filters)?;
    let no_environment: [CString; 0] = [];
    // Returns only if it fails.
    execveat(
        &program,
        c"",
        &words,
        &no_environment,
        AtFlags::AT_EMPTY_PATH,
    )
    .map_err(Error::at("starting the program"))
}

/// Asks the kernel to kill this process when its parent ends.
fn die_with(parent: u32) -> Result<(), Error> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(Error::at("the parent's end"))?;
    // The parent may have ended before.
    let parent_now = getppid().map(|pid| pid.as_raw_pid().cast_unsigned());
    if parent_now == Some(parent) {
        Ok(())
    } else {
        Err(Error::Orphan)
    }
}

/// The program's file, at a number that the program itself can never open: it is above its limit of open
/// files. So the one system call that becomes the program works once.
fn program(order: &Run) -> rustix::io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", order.program);
    let file = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    fcntl_dupfd_cloexec(file, limits::FIRST_UNREACHABLE_FILE)
}

/// Root's capabilities, too: without new privileges a program cannot get them back.
fn give_up_capabilities() -> Result<(), Error> {
    let none = CapabilitySet::empty();
    let nothing = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    set_capabilities(None, nothing).map_err(Error::at("capabilities"))
}
