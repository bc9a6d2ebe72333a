//! Starts programs in the jail.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use tokio::process::Command;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::abilities::Abilities;
use crate::confined::Confined;
use crate::inside;
use crate::order::{Order, Run};
use crate::program::{Program, find};

/// Name of the launcher's file.
const LAUNCHER: &str = "livegate-jail";

/// Makes a program of a file.
type Load = fn(&Path) -> io::Result<Program>;

/// Whether this program is the launcher when it is started under its name.
static IS_LAUNCHER: AtomicBool = AtomicBool::new(false);

/// Acts as the launcher if this process was started as such, and returns its exit status. Else `None`.
///
/// Call it first in `main`, before there is a second thread.
pub fn launcher_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    if arguments.next().as_deref() == Some(OsStr::new(LAUNCHER)) {
        return Some(inside::main(arguments));
    }
    IS_LAUNCHER.store(true, Ordering::Relaxed);
    None
}

/// Why there is no jail.
#[derive(Debug, thiserror::Error)]
pub enum JailError {
    /// The launcher's file is missing.
    #[error("the program `livegate-jail` is neither beside this program nor in PATH")]
    Missing,
    /// The launcher cannot be started, or not be used.
    #[error("{} cannot be used: {cause}", path.display())]
    Unusable {
        /// The launcher's file.
        path: PathBuf,
        /// The system's error, or the launcher's words.
        cause: String,
    },
}

/// Starts programs in the jail. Make one in a process: it holds a copy of the launcher.
#[derive(Debug)]
pub struct Jail {
    launcher: Program,
    abilities: Abilities,
}

impl Jail {
    /// Finds the launcher beside this program, one folder above or in `PATH`, and asks it what the kernel
    /// gives. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// [`JailError`] when there is no launcher, or when it cannot run here.
    pub async fn open() -> Result<Self, JailError> {
        // A server is large: no copy of it is held.
        let (path, loads): (_, &[Load]) = match launcher() {
            Some(path) => (path, &[Program::copied, Program::readable]),
            None => (
                own_launcher().ok_or(JailError::Missing)?,
                &[Program::readable],
            ),
        };
        let mut unusable = String::new();
        for load in loads {
            let reported = match load(&path) {
                Ok(launcher) => report(launcher).await,
                Err(e) => Err(e.to_string()),
            };
            match reported {
                Ok(jail) => return Ok(jail),
                Err(cause) => unusable = cause,
            }
        }
        Err(JailError::Unusable {
            path,
            cause: unusable,
        })
    }

    /// What the kernel gives.
    pub fn abilities(&self) -> Abilities {
        self.abilities
    }

    /// Starts `program` with `input` as its standard input and two pipes, limited to `cpu_seconds` of
    /// processor time.
    ///
    /// Call it inside a tokio runtime. The program is killed when the value is dropped, and when this
    /// process ends.
    ///
    /// # Errors
    /// When the launcher cannot be started. What fails after that ends it with the status 126.
    pub async fn spawn<S: AsRef<OsStr>>(
        &self,
        program: &Program,
        arguments: impl IntoIterator<Item = S>,
        input: OwnedFd,
        cpu_seconds: u64,
    ) -> io::Result<Confined> {
        let arguments = arguments.into_iter().map(|a| a.as_ref().to_owned());
        let order = Order::Run(Run {
            parent: std::process::id(),
            cpu_seconds,
            program: program.fd(),
            is_copy: program.is_copy(),
            words: [program.name().to_owned()]
                .into_iter()
                .chain(arguments)
                .collect(),
        });
        let mut command = command(&self.launcher, order.arguments());
        command.stdin(Stdio::from(input));
        let runtime = Handle::current();
        let (reply, started) = oneshot::channel();
        let (thread, ended) = mpsc::channel::<()>();
        // The kernel kills the launcher when the thread that started it ends. So the thread lives as long
        // as the launcher.
        std::thread::Builder::new()
            .name("jail".to_owned())
            .spawn(move || {
                let _runtime = runtime.enter();
                let _ = reply.send(command.spawn());
                // Returns when the sender is dropped.
                let _ = ended.recv();
            })?;
        let child = started
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the thread that starts it panicked")))?;
        Ok(Confined::new(child, thread))
    }
}

fn command(launcher: &Program, arguments: Vec<OsString>) -> Command {
    let mut command = Command::new(launcher.path());
    command
        .arg0(LAUNCHER)
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn report(launcher: Program) -> Result<Jail, String> {
    let output = command(&launcher, Order::Report.arguments()).output().await;
    let output = output.map_err(|e| e.to_string())?;
    let line = String::from_utf8_lossy(&output.stdout);
    match Abilities::parse(&line, launcher.is_copy()) {
        Some(abilities) if output.status.success() => Ok(Jail {
            launcher,
            abilities,
        }),
        Some(_) | None => {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(format!("{} {words}", output.status))
        }
    }
}

/// This program's own file, if it is a launcher.
fn own_launcher() -> Option<PathBuf> {
    let is_launcher = IS_LAUNCHER.load(Ordering::Relaxed);
    is_launcher.then(|| std::env::current_exe().ok()).flatten()
}

/// The launcher's file. Tests are one folder below the programs.
fn launcher() -> Option<PathBuf> {
    let this = std::env::current_exe().ok()?;
    let folders = this.ancestors().skip(1).take(2);
    let mut beside = folders.map(|folder: &Path| folder.join(LAUNCHER));
    beside
        .find(|file| file.is_file())
        .or_else(|| find(LAUNCHER))
}
