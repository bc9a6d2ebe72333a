//! Starts this test binary in the jail, or as another process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use livegate_jail::{Confined, Jail, Program};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::actor::{Act, encode};

/// A user without rights.
pub const USER: u32 = 65_533;

/// Longest wait for an event.
const PATIENCE: Duration = Duration::from_secs(60);

/// The jail, and this binary as a program for it.
pub struct Stage {
    pub jail: Jail,
    pub program: Program,
}

/// The arguments with which this binary does one of its parts, on the main thread.
pub fn part(name: &str) -> Vec<String> {
    let name = format!("part::{name}");
    let words = [
        "--exact",
        &name,
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    words.map(str::to_owned).to_vec()
}

/// This binary as a program, unreadable where that is possible.
fn this() -> Program {
    let this = std::env::current_exe().unwrap();
    Program::copied(&this).unwrap_or_else(|_| Program::readable(&this).unwrap())
}

/// A file in memory, sealed as clips are.
pub fn memory(content: &[u8]) -> OwnedFd {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = memfd_create("livegate-test", flags).unwrap();
    rustix::io::write(&file, content).unwrap();
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SEAL).unwrap();
    file
}

impl Stage {
    pub async fn set() -> Self {
        Self {
            jail: Jail::open().await.unwrap(),
            program: this(),
        }
    }

    async fn spawn(&self, acts: &[Act], cpu_seconds: u64) -> Confined {
        let input = memory(encode(acts).as_bytes());
        let spawned = self
            .jail
            .spawn(&self.program, part("actor"), input, cpu_seconds);
        spawned.await.unwrap()
    }

    /// Answers and end of a program that does these acts.
    pub async fn run(&self, acts: &[Act], cpu_seconds: u64) -> (Vec<String>, ExitStatus) {
        let output = self.spawn(acts, cpu_seconds).await.output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        (answers(&text), output.status)
    }

    /// A program that does these acts and then waits, once it does.
    pub async fn start(&self, acts: &[Act], cpu_seconds: u64) -> Waiting {
        until_it_waits(self.spawn(acts, cpu_seconds).await).await
    }

    /// Another process that started a program and waits.
    pub fn starter(&self) -> Starter {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command
            .args(part("starter"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Starter { child, out }
    }

    /// The answer of a program that a user without rights started.
    pub fn answer_as_user(&self, act: Act) -> String {
        let home = Home::new();
        let output = home
            .command("as_a_user")
            .env("LIVEGATE_TEST_ACT", encode(&[act]))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let answers = answers(&text);
        assert_eq!(answers.len(), 1, "{output:?}");
        answers[0].clone()
    }
}

/// Waits until a program waits.
pub async fn until_it_waits(mut confined: Confined) -> Waiting {
    let (mut out, _) = confined.take_pipes().unwrap();
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("ANSWER waiting") {
        text.push(out.read_u8().await.expect("it waits"));
    }
    Waiting { confined, out }
}

/// A program that waits in the jail.
pub struct Waiting {
    confined: Confined,
    out: tokio::process::ChildStdout,
}

impl Waiting {
    pub fn launcher(&self) -> u32 {
        self.confined.launcher().unwrap()
    }

    pub fn program(&self) -> u32 {
        program_of(self.launcher())
    }

    pub fn drop_and_keep_the_pipe(self) -> tokio::process::ChildStdout {
        self.out
    }
}

/// The process that a launcher became or made.
pub fn program_of(launcher: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{launcher}/task/{launcher}/children"));
    let children = children.unwrap_or_default();
    children.trim().parse().unwrap_or(launcher)
}

/// Another process that started a program.
pub struct Starter {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Starter {
    /// Process ids of launcher and program.
    pub fn started(&mut self) -> (u32, u32) {
        let said = said(&mut self.out);
        let (launcher, program) = said.split_once(' ').unwrap();
        (launcher.parse().unwrap(), program.parse().unwrap())
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The next answer of another process.
pub fn said(out: &mut impl BufRead) -> String {
    let lines = out.lines().map(|line| format!("{}\n", line.unwrap()));
    let mut answers = lines.flat_map(|line| answers(&line));
    answers.next().expect("an answer")
}

/// The part `starter`.
pub fn start_and_wait() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let waiting = Stage::set().await.start(&[Act::Wait], 60).await;
        println!("ANSWER {} {}", waiting.launcher(), waiting.program());
        std::future::pending::<()>().await;
    });
}

/// The part `as_a_user`.
pub fn one_answer() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        let input = memory(std::env::var("LIVEGATE_TEST_ACT").unwrap().as_bytes());
        let spawned = stage.jail.spawn(&stage.program, part("actor"), input, 10);
        let output = spawned.await.unwrap().output().await.unwrap();
        print!("{}", String::from_utf8_lossy(&output.stdout));
    });
}

/// A folder with this binary and the launcher, for a user who cannot see ours.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), open).unwrap();
        let this = std::env::current_exe().unwrap();
        let launcher = Path::new(env!("CARGO_BIN_EXE_livegate-jail"));
        for (file, name) in [(this.as_path(), "test"), (launcher, "livegate-jail")] {
            fs::copy(file, folder.path().join(name)).unwrap();
        }
        Self(folder)
    }

    fn test(&self) -> PathBuf {
        self.0.path().join("test")
    }

    /// One of the ignored tests, as a user without rights, or as this one where there is no other.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.test());
        command.args(part(name)).current_dir("/");
        if geteuid().is_root() {
            command.uid(USER).gid(USER);
        }
        command
    }
}

/// Whether this process can start one of another user.
pub fn can_be_another_user() -> bool {
    let mut command = Command::new("/bin/true");
    let status = command.uid(USER).gid(USER).status();
    status.is_ok_and(|status| status.success())
}

/// The answers in a text. The test library may write before them on the same line.
pub fn answers(text: &str) -> Vec<String> {
    let answers = text.lines().filter_map(|line| line.split_once("ANSWER "));
    answers.map(|(_, answer)| answer.to_owned()).collect()
}

pub fn signal(status: ExitStatus) -> Option<i32> {
    status.signal()
}

pub fn status_of(process: u32) -> String {
    fs::read_to_string(format!("/proc/{process}/status")).unwrap()
}

fn pid(process: u32) -> Pid {
    Pid::from_raw(process.cast_signed()).unwrap()
}

pub fn kill(process: u32) {
    kill_process(pid(process), Signal::KILL).unwrap();
}

/// Whether a process runs: it is there, and no zombie.
pub fn is_alive(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status"));
    test_kill_process(pid(process)).is_ok()
        && status.is_ok_and(|s| !s.contains("State:\tZ") && !s.contains("State:\tX"))
}

/// Waits until a process is dead.
pub async fn until_dead(process: u32) {
    let dead = async {
        while is_alive(process) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, dead).await.expect("it dies");
}

/// Waits until nobody can write to a pipe any more.
pub async fn until_closed(pipe: &mut tokio::process::ChildStdout) {
    let closed = async { while pipe.read_u8().await.is_ok() {} };
    tokio::time::timeout(PATIENCE, closed)
        .await
        .expect("it closes");
}
