//! Instructions that a process retires, where the machine counts them. They do not drift with the machine's speed.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// `perf stat`, attached to a process.
pub struct Counting(Child);

impl Counting {
    /// Begins to count; `None` without `perf`, or where the machine does not count: most virtual machines.
    pub fn of(process: u32) -> Option<Self> {
        let tried = perf(&["true"]).output().ok()?;
        instructions(&String::from_utf8_lossy(&tried.stderr))?;
        let counting = perf(&["-p", &process.to_string()]).spawn().ok()?;
        // It says nothing when it is attached.
        std::thread::sleep(Duration::from_millis(200));
        Some(Self(counting))
    }

    /// Ends it; the instructions since it began.
    pub fn end(self) -> Option<f64> {
        let id = self.0.id().to_string();
        // It prints when it is interrupted.
        Command::new("kill").args(["-INT", &id]).status().ok()?;
        let printed = self.0.wait_with_output().ok()?;
        instructions(&String::from_utf8_lossy(&printed.stderr))
    }
}

fn perf(rest: &[&str]) -> Command {
    let mut command = Command::new("perf");
    command
        .args(["stat", "-x", ",", "-e", "instructions:u"])
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// The count in what `perf stat -x ,` printed: the first field of the line that names the event. Where nothing
/// counts, the field is `<not supported>` or `<not counted>`.
fn instructions(printed: &str) -> Option<f64> {
    let line = printed.lines().find(|line| line.contains("instructions"))?;
    line.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_of_the_events_line_is_the_count() {
        let counted = "1234567,,instructions:u,1000000,100.00,,\n";
        assert_eq!(instructions(counted), Some(1_234_567.0));
        for nothing in [
            "<not supported>,,instructions:u,0,100.00,,\n",
            "",
            "bash: perf\n",
        ] {
            assert_eq!(instructions(nothing), None, "{nothing}");
        }
    }
}
