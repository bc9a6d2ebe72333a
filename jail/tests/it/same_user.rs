//! A process of the same user, without privileges, reads nothing of a clip: neither from the process that
//! holds it nor from the program that reads it.

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::process::{Child, Stdio};

use livegate_jail::Program;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

use crate::actor::{Act, encode};
use crate::stage::{self, Home, Stage, answers, memory, part, said};

/// Variable that says how a clip is held.
const HOW: &str = "LIVEGATE_TEST_HOW";
/// Variable with the processes to read from.
const FROM: &str = "LIVEGATE_TEST_FROM";

/// The clip, as the actor reads it. It waits, and does the rest never.
fn clip() -> String {
    encode(&[Act::Wait, Act::Read("/the/secret/of/the/clip".into())])
}

/// A process that holds a clip in memory and has a program read it.
struct Holder {
    child: Child,
    holder: String,
    launcher: String,
    program: String,
}

impl Holder {
    fn start(home: &Home, how: &str) -> Self {
        let mut command = home.command("holder");
        command.env(HOW, how).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let ids = said(&mut out);
        let ids: Vec<String> = ids.split(' ').map(str::to_owned).collect();
        let [holder, launcher, program] = <[String; 3]>::try_from(ids).unwrap();
        Self {
            child,
            holder,
            launcher,
            program,
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What a thief gets of the clip from a process: words of `files` and `memory`.
fn stolen(home: &Home, process: &str) -> String {
    let output = home.command("thief").env(FROM, process).output().unwrap();
    let answers = answers(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(answers.len(), 1, "{output:?}");
    answers[0].clone()
}

#[test]
fn a_process_of_the_same_user_reads_nothing_of_a_clip() {
    let home = Home::new();
    let holder = Holder::start(&home, "hidden");
    for process in [&holder.holder, &holder.launcher, &holder.program] {
        assert_eq!(stolen(&home, process), "nothing", "{process}");
    }
}

#[test]
fn namespaces_alone_protect_nothing() {
    let home = Home::new();
    let holder = Holder::start(&home, "open");
    // This is what shows that the thief could steal.
    let got = stolen(&home, &holder.program);
    assert!(got.contains("files"), "{got}");
    assert!(stolen(&home, &holder.holder).contains("files"));
}

/// The part `holder`.
pub fn hold() {
    let is_hidden = std::env::var(HOW).unwrap() == "hidden";
    if is_hidden {
        // As `livegate_common::hardening` does at the start of each server.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).unwrap();
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut stage = Stage::set().await;
        if is_hidden {
            assert!(stage.program.is_copy() && stage.jail.abilities().unreadable);
        } else {
            stage.program = Program::readable(&std::env::current_exe().unwrap()).unwrap();
        }
        let clip = clip();
        let input = memory(clip.as_bytes());
        let input_too = input.try_clone().unwrap();
        let spawned = stage.jail.spawn(&stage.program, part("actor"), input, 60);
        let waiting = stage::until_it_waits(spawned.await.unwrap()).await;
        let this = std::process::id();
        println!("ANSWER {this} {} {}", waiting.launcher(), waiting.program());
        std::future::pending::<()>().await;
        drop((clip, input_too));
    });
}

/// The part `thief`.
pub fn steal() {
    let process = std::env::var(FROM).unwrap();
    let mut got = Vec::new();
    if has_clip_among_files(&process) {
        got.push("files");
    }
    if has_clip_in_memory(&process) {
        got.push("memory");
    }
    let got = if got.is_empty() {
        "nothing".to_owned()
    } else {
        got.join(" ")
    };
    println!("ANSWER {got}");
}

fn has_clip_among_files(process: &str) -> bool {
    // By number: the list of open files may be unreadable where the files are not.
    (0..100).any(|number| {
        let content = fs::read(format!("/proc/{process}/fd/{number}"));
        content.is_ok_and(|c| c.starts_with(clip().as_bytes()))
    })
}

fn has_clip_in_memory(process: &str) -> bool {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap_or_default();
    let Ok(mut memory) = File::open(format!("/proc/{process}/mem")) else {
        return false;
    };
    let ranges = maps.lines().filter_map(|line| {
        let (range, rights) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        let address = |text| u64::from_str_radix(text, 16).ok();
        rights
            .starts_with("rw")
            .then_some((address(from)?, address(to)?))
    });
    let clip = clip();
    ranges.into_iter().any(|(from, to)| {
        let mut bytes = Vec::new();
        let found = memory.seek(SeekFrom::Start(from)).and_then(|_| {
            let mut range = (&mut memory).take(to - from);
            range.read_to_end(&mut bytes)
        });
        found.is_ok() && bytes.windows(clip.len()).any(|w| w == clip.as_bytes())
    })
}
