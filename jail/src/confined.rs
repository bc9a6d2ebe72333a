//! A program that runs in the jail.

use std::io;
use std::process::{ExitStatus, Output};
use std::sync::mpsc::Sender;

use tokio::process::{Child, ChildStderr, ChildStdout};

/// A program that runs in the jail. It is killed when the value is dropped.
#[derive(Debug)]
pub struct Confined {
    // Dropped first: the thread must live until the launcher is dead.
    child: Child,
    // Keeps the thread alive that started the launcher.
    _thread: Sender<()>,
}

impl Confined {
    pub(crate) fn new(child: Child, thread: Sender<()>) -> Self {
        Self {
            child,
            _thread: thread,
        }
    }

    /// Its standard output and standard error. `None` from the second call on.
    pub fn take_pipes(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        self.child.stdout.take().zip(self.child.stderr.take())
    }

    /// Process id of its launcher; `None` after its end.
    pub fn launcher(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// The system's error.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Waits for its end and gathers what it wrote.
    ///
    /// # Errors
    /// The system's error.
    pub async fn output(self) -> io::Result<Output> {
        self.child.wait_with_output().await
    }
}
