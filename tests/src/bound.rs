//! Child processes that end with this one, however it ends.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};

/// Waits for a line. At the end of its input, which the end of its parent brings about, it kills the process.
/// It runs in a process group of its own: a signal to the parent's group does not reach it.
const GUARD: &str = r#"read -r _ || kill -s KILL "$1""#;

/// A child process. It is killed when this is dropped, and when this process ends without dropping it.
pub struct Bound {
    child: Child,
    guard: Child,
}

impl Bound {
    /// Starts `command` and its guard.
    ///
    /// # Errors
    /// When one of them cannot be started; then neither runs.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.spawn()?;
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match guard {
            Ok(guard) => Ok(Self { child, guard }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// The child's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the child ended, if it has.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The child is gone and its id may be given to another process: the guard must not kill that.
        if let Some(orders) = &mut self.guard.stdin {
            let _ = orders.write_all(b"\n");
        }
        let _ = self.guard.wait();
    }
}
