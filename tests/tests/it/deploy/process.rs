//! A container's process, started by hand with no more rights than its container would have.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use landlock::{
    ABI, AccessFs, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, path_beneath_rules,
};
use livegate_tests::media::models;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::files::{Image, PATIENCE};
use livegate_tests::fleet::binary;

/// A process to start.
#[derive(Clone)]
pub struct Service {
    command: Vec<String>,
    environment: BTreeMap<String, String>,
    /// What is where in the container, and where it is here.
    mounts: Vec<(String, PathBuf)>,
    /// What may be written, here.
    writable: Vec<PathBuf>,
}

impl Service {
    /// What an image's containers run, with these paths mounted.
    pub fn new(image: &Image, mounts: Vec<(String, PathBuf)>) -> Self {
        let models = (image.environment.get("LIVEGATE_MODELS").cloned(), models());
        let models = models.0.map(|path| (path, models.1));
        Self {
            command: image.command.clone(),
            environment: image.environment.clone(),
            mounts: mounts.into_iter().chain(models).collect(),
            writable: vec!["/dev/null".into()],
        }
    }

    /// Sets a variable, as the deployment does.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Lets the process write to a folder of this machine.
    pub fn let_write(&mut self, folder: &Path) {
        self.writable.push(folder.to_owned());
    }

    /// The same container with another command.
    pub fn with_command(&self, command: Vec<String>) -> Self {
        Self {
            command,
            ..self.clone()
        }
    }

    /// A path of the container, or a value that holds one, as it is here.
    pub fn here(&self, value: &str) -> String {
        let mount = self.mounts.iter().find_map(|(there, here)| {
            let rest = value.strip_prefix(there.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{}{rest}", here.display()))
        });
        mount.unwrap_or_else(|| value.to_owned())
    }

    /// Runs it to its end.
    pub async fn output(&self) -> Output {
        let child = self.spawn(Stdio::piped()).unwrap();
        let output = timeout(PATIENCE, child.wait_with_output()).await;
        output.unwrap().unwrap()
    }

    /// Starts it, and waits until it says `ready` in a line, which comes with it.
    pub async fn start(&self, ready: &str) -> (Running, String) {
        let mut child = self.spawn(Stdio::inherit()).unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = timeout(PATIENCE, line_with(&mut lines, ready)).await;
        let said = said.unwrap_or_else(|_| panic!("{:?} never said {ready:?}", self.command));
        // Whoever reads no more of a pipe stops the one who writes.
        tokio::spawn(async move { line_with(&mut lines, "\0").await });
        (Running(child), said)
    }

    fn spawn(&self, output: Stdio) -> io::Result<Child> {
        let program = binary(&self.command[0]);
        let mut command = if geteuid().is_root() {
            // Who may do everything shows nothing by being able to.
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set=-all", "--inh-caps=-all"]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        let variables = self.environment.iter().map(|(n, v)| (n, self.here(v)));
        command
            .args(&self.command[1..])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(variables)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let (runtime, writable) = (Handle::current(), self.writable.clone());
        // Rights are a thread's, and its children's.
        let thread = std::thread::spawn(move || {
            let _runtime = runtime.enter();
            write_only(&writable).map_err(io::Error::other)?;
            command.spawn()
        });
        thread.join().unwrap()
    }
}

/// Takes from this thread, for good, new privileges and the right to write anywhere but here: what a
/// read-only file system does, where the kernel has Landlock.
fn write_only(here: &[PathBuf]) -> Result<(), RulesetError> {
    let write = AccessFs::from_write(ABI::V3);
    Ruleset::default()
        .handle_access(write)?
        .create()?
        .add_rules(path_beneath_rules(here, write))?
        .restrict_self()?;
    Ok(())
}

async fn line_with(lines: &mut Lines<BufReader<ChildStderr>>, text: &str) -> String {
    while let Some(line) = lines.next_line().await.unwrap() {
        eprintln!("{line}");
        if line.contains(text) {
            return line;
        }
    }
    format!("it ended without {text:?}")
}

/// A process that runs, killed when dropped.
pub struct Running(Child);

impl Running {
    /// Tells it to stop, as an engine does, and waits until it has.
    pub async fn stop(mut self) {
        let pid = Pid::from_raw(self.0.id().unwrap().cast_signed()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let status = timeout(PATIENCE, self.0.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}
