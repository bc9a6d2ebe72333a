//! Server processes that never outlive the process that started them.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Script of the guarding shell.
///
/// It runs in its own process group, so that it can still clean up when the test is killed (nextest
/// kills the test's group). It reads commands from a pipe. When the pipe closes, for any reason, it
/// kills the server and deletes the folder.
const GUARD: &str = r#"
folder=$1
shift
setsid "$@" </dev/null >>"$folder/output" 2>&1 &
server=$!
clean() {
    kill -s KILL -- "-$server"
    wait "$server"
} 2>/dev/null
while read -r order; do
    case $order in
        end) clean; echo "$server"; exit ;;
        *) kill -s "$order" -- "-$server"; echo "$server" ;;
    esac
done
clean
rm -rf "$folder"
"#;

/// A running server under guard.
pub(super) struct Guarded {
    guard: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Guarded {
    /// Starts `command`, which finds its own folder in the variable `folder`.
    pub(super) fn start(
        folder: &Path,
        command: &[impl AsRef<OsStr>],
        environment: &[(&str, String)],
    ) -> Self {
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(folder)
            .args(command)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell can be started");
        let orders = guard.stdin.take();
        let answers = BufReader::new(guard.stdout.take().expect("the output is piped"));
        Self {
            guard,
            orders,
            answers,
        }
    }

    /// Sends a signal to the server, such as `STOP`, and returns once it was sent. After `STOP` the
    /// server has stopped.
    pub(super) fn signal(&mut self, name: &str) {
        if let Some(orders) = &mut self.orders {
            writeln!(orders, "{name}").expect("the guard listens");
            let mut answer = String::new();
            self.answers
                .read_line(&mut answer)
                .expect("the guard answers");
            let group = answer
                .trim()
                .parse()
                .expect("the guard of a server is gone");
            while name == "STOP" && !is_stopped(group) {
                std::thread::yield_now();
            }
        }
    }

    /// Kills the server and keeps its folder.
    pub(super) fn end(mut self) {
        self.signal("end");
    }
}

/// Whether all threads of a process group have stopped. A stop signal takes a moment to reach all of
/// them, and a server with one running thread still answers.
fn is_stopped(group: u32) -> bool {
    let stat = |folder: &Path| -> Option<(String, u32)> {
        let text = std::fs::read_to_string(folder.join("stat")).ok()?;
        // The name before these fields may contain anything, also brackets.
        let mut fields = text.rsplit_once(')')?.1.split_whitespace();
        let (state, _parent) = (fields.next()?.to_owned(), fields.next()?);
        Some((state, fields.next()?.parse().ok()?))
    };
    let folders = |path: &Path| {
        let entries = std::fs::read_dir(path).into_iter().flatten();
        entries.filter_map(|e| Some(e.ok()?.path()))
    };
    folders(Path::new("/proc"))
        .filter(|process| stat(process).is_some_and(|(_, of)| of == group))
        .flat_map(|process| folders(&process.join("task")).collect::<Vec<_>>())
        .filter_map(|thread| stat(&thread))
        .all(|(state, _)| matches!(state.as_str(), "T" | "t" | "Z" | "X"))
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.guard.wait();
    }
}
