//! A process of the service that can be killed and started again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::bound::Bound;

/// How long one that was told to stop may take: longer than any grace period of the service.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process, and all that it may leave in its surroundings. It ends when dropped, and with this process.
pub struct Process {
    program: PathBuf,
    environment: Vec<(&'static str, String)>,
    folder: PathBuf,
    running: Option<Bound>,
}

impl Process {
    /// Starts `program` with only these variables. It runs in its own folder below `folder`, which also
    /// holds its home, its temporary files and its output.
    pub(super) fn start(
        program: PathBuf,
        folder: PathBuf,
        environment: Vec<(&'static str, String)>,
    ) -> Self {
        for name in ["work", "home", "tmp"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let mut this = Self {
            program,
            environment,
            folder,
            running: None,
        };
        this.start_again();
        this
    }

    /// Starts the process again, with the same variables in the same folder.
    pub fn start_again(&mut self) {
        let output = |name: &str| {
            let path = self.folder.join(name);
            let file = File::options().create(true).append(true).open(path);
            Stdio::from(file.unwrap())
        };
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.join("home"))
            .env("TMPDIR", self.folder.join("tmp"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.join("work"))
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"));
        self.running = Some(Bound::start(&mut command).unwrap());
    }

    /// The folder in which it runs, with its output.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Kills the process at once, as a crash would.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Tells the process to stop, as an update does.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Halts the process without ending it, as a machine that is suspended.
    pub fn halt(&self) {
        self.signal("-STOP");
    }

    /// Lets a halted process go on.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.running.as_ref().unwrap().id().to_string();
        let told = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(told.success());
    }

    /// Waits until the process has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.has_ended() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not stop");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The exit status, if the process has ended.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        let child = self.running.as_mut().expect("it was started");
        let status = child.try_wait().unwrap()?;
        self.running = None;
        Some(status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
