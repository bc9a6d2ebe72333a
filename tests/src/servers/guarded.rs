//! Processes that never outlive the process that started them.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The watching shell. It runs in a process group of its own, so that what kills a test (nextest
/// kills the test's group) leaves it the time to clean up. It reads orders from a pipe; when the
/// pipe closes, however its writer ended, it kills the server and deletes the folder.
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
    /// Starts `command`, which finds its own folder in `folder`.
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

    /// Sends the server a signal, such as `STOP`, and returns once it was sent; a server that is told
    /// to stop has stopped.
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

    /// Kills the server and leaves its folder as it is.
    pub(super) fn end(mut self) {
        self.signal("end");
    }
}

/// Whether every thread of a process group has stopped: a signal to stop takes a moment to reach them
/// all, and a server with one thread left still answers.
fn is_stopped(group: u32) -> bool {
    let stat = |folder: &Path| -> Option<(String, u32)> {
        let text = std::fs::read_to_string(folder.join("stat")).ok()?;
        // The name before these may hold anything, brackets too.
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
