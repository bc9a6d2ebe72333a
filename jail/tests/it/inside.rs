//! What a program in the jail can and cannot do.

use std::path::Path;
use std::process::ExitStatus;

use crate::actor::{self, Act};
use crate::stage::{self, Stage, answers, signal};

async fn run(acts: &[Act]) -> (Vec<String>, ExitStatus) {
    let stage = Stage::set().await;
    stage.run(acts, 10).await
}

/// The only answer of a program that did one thing and went on.
async fn answer(act: Act) -> String {
    let (answers, status) = run(&[act]).await;
    assert!(status.success(), "{status}: {answers:?}");
    let [answer] = <[String; 1]>::try_from(answers).unwrap();
    answer
}

/// The signal by which a program ended that did one thing.
async fn death_by(act: Act) -> Option<i32> {
    let (answers, status) = run(&[act]).await;
    assert_eq!(answers, [""; 0], "it went on");
    signal(status)
}

#[tokio::test]
async fn a_program_reads_its_input_as_often_as_it_likes_and_cannot_change_it() {
    let (read, write) = (Act::Input, Act::Write("/proc/self/fd/0".into()));
    let acts = [read.clone(), write, read];
    let (answers, status) = run(&acts).await;
    assert!(status.success());
    assert_eq!(answers[0], actor::encode(&acts));
    assert_eq!(answers[2], answers[0]);
    assert_ne!(answers[1], "written");
}

#[tokio::test]
async fn a_program_sees_no_files_but_libraries() {
    let stage = Stage::set().await;
    if !stage.jail.abilities().landlock {
        eprintln!("SKIPPED: this kernel has no Landlock");
        return;
    }
    let parent = std::process::id();
    let environment = format!("/proc/{parent}/environ");
    for file in ["/etc/passwd", "/bin/bash", "/proc/cpuinfo", &environment] {
        let answer = answer(Act::Read(file.into())).await;
        assert!(answer.contains("denied"), "{file}: {answer}");
    }
    let loader = Path::new("/etc/ld.so.cache");
    if loader.is_file() {
        assert_eq!(answer(Act::Read(loader.into())).await, "read");
    }
    let file = std::env::temp_dir().join("livegate-jail-was-here");
    let written = answer(Act::Write(file.clone())).await;
    assert!(written.contains("denied"), "{written}");
    assert!(!file.exists());
}

#[tokio::test]
async fn a_program_starts_threads_and_no_processes() {
    assert_eq!(answer(Act::Thread).await, "a thread ran");
    for act in [
        Act::Fork,
        Act::Call(libc::SYS_clone3),
        #[cfg(target_arch = "x86_64")]
        Act::Call(libc::SYS_fork),
        #[cfg(target_arch = "x86_64")]
        Act::Call(libc::SYS_vfork),
    ] {
        assert_eq!(answer(act.clone()).await, "not implemented", "{act:?}");
    }
}

#[tokio::test]
async fn a_program_becomes_no_other_program() {
    for program in ["/bin/true", "/lib64/ld-linux-x86-64.so.2", "/proc/self/exe"] {
        let answer = answer(Act::Become(program.into())).await;
        assert_eq!(answer, "not implemented", "{program}");
    }
    // The call that became the program works only once: neither its file's number nor any other.
    for file in [0, 3, 63, 64, 65] {
        let again = answer(Act::BecomeFile(file)).await;
        assert!(
            again == "not implemented" || again == "bad file",
            "{file}: {again}"
        );
    }
    assert_eq!(answer(Act::Duplicate(64)).await, "bad file");
}

#[tokio::test]
async fn a_program_has_no_network() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    assert!(
        answer(Act::Connect(address.to_string()))
            .await
            .contains("not implemented")
    );
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        assert_eq!(answer(Act::Call(call)).await, "not implemented");
    }
}

#[tokio::test]
async fn calls_that_are_not_listed_fail_as_if_the_kernel_were_older() {
    for call in [
        libc::SYS_kill,
        libc::SYS_tgkill,
        libc::SYS_shmget,
        libc::SYS_memfd_create,
        libc::SYS_setrlimit,
        libc::SYS_execve,
        libc::SYS_flock,
        // Not known to any kernel of today.
        5_000,
    ] {
        assert_eq!(answer(Act::Call(call)).await, "not implemented", "{call}");
    }
}

#[tokio::test]
async fn a_program_stays_unreadable_and_bound_to_its_parent() {
    // `prctl` by its number and first argument.
    for option in [
        libc::PR_SET_DUMPABLE,
        libc::PR_SET_PDEATHSIG,
        libc::PR_SET_SECCOMP,
    ] {
        let answer = answer(Act::CallWith(libc::SYS_prctl, i64::from(option))).await;
        assert_eq!(answer, "not implemented", "{option}");
    }
    let own_file_that_signals = Act::CallWith2(libc::SYS_fcntl, 0, i64::from(libc::F_SETOWN));
    assert_eq!(answer(own_file_that_signals).await, "not implemented");
}

#[tokio::test]
async fn calls_without_an_honest_use_kill_a_program() {
    for call in [
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_unshare,
        libc::SYS_mount,
        libc::SYS_bpf,
        libc::SYS_io_uring_setup,
        libc::SYS_setuid,
    ] {
        assert_eq!(
            death_by(Act::Call(call)).await,
            Some(libc::SIGSYS),
            "{call}"
        );
    }
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn calls_of_other_architectures_kill_a_program() {
    // `getpid` of x32, then of i386.
    for act in [Act::Call(0x4000_0000 + libc::SYS_getpid), Act::Call32(20)] {
        assert_eq!(death_by(act.clone()).await, Some(libc::SIGSYS), "{act:?}");
    }
}

#[tokio::test]
async fn a_program_has_no_environment_and_no_capabilities() {
    let environment = answer(Act::Environment).await;
    assert_eq!(environment, "");
    let stage = Stage::set().await;
    let waiting = stage.start(&[Act::Wait], 10).await;
    let status = stage::status_of(waiting.program());
    for field in [
        "CapInh:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(field), "{field} in {status}");
    }
    if stage.jail.abilities().namespaces {
        // Its number outside, and inside.
        let numbers = status.lines().find(|l| l.starts_with("NSpid:")).unwrap();
        assert!(numbers.ends_with("\t1"), "{numbers}");
    }
}

#[tokio::test]
async fn a_program_that_takes_too_much_memory_fails() {
    assert_eq!(answer(Act::Allocate(1 << 31)).await, "no memory");
}

#[tokio::test]
async fn a_program_that_takes_too_much_time_is_killed() {
    let stage = Stage::set().await;
    let (_, status) = stage.run(&[Act::Spin(1)], 1).await;
    assert_eq!(signal(status), Some(libc::SIGKILL));
}

#[tokio::test]
async fn the_time_of_all_threads_counts() {
    let stage = Stage::set().await;
    // Two threads for one second of processor time, and nothing on the third, which waits for them.
    let (_, status) = stage.run(&[Act::Spin(2)], 1).await;
    assert_eq!(signal(status), Some(libc::SIGKILL));
}

#[tokio::test]
async fn threads_are_limited() {
    let stage = Stage::set().await;
    let is_root = rustix::process::geteuid().is_root();
    if !stage.jail.abilities().namespaces || is_root && !stage::can_be_another_user() {
        eprintln!("SKIPPED: threads are limited only in a namespace");
        return;
    }
    let started: usize = stage.answer_as_user(Act::Threads(200)).parse().unwrap();
    assert!((8..=64).contains(&started), "{started}");
}

#[tokio::test]
async fn a_program_ends_with_the_value_that_stands_for_it() {
    let stage = Stage::set().await;
    let waiting = stage.start(&[Act::Wait], 10).await;
    let (launcher, program) = (waiting.launcher(), waiting.program());
    assert!(stage::is_alive(launcher) && stage::is_alive(program));
    let mut pipe = waiting.drop_and_keep_the_pipe();
    // The pipe closes when the last process that holds it is dead.
    stage::until_closed(&mut pipe).await;
    stage::until_dead(program).await;
    stage::until_dead(launcher).await;
}

#[tokio::test]
async fn a_program_ends_with_the_process_that_started_it() {
    let stage = Stage::set().await;
    let mut starter = stage.starter();
    let (launcher, program) = starter.started();
    assert!(stage::is_alive(launcher) && stage::is_alive(program));
    // SIGKILL: nothing of the starter runs any more.
    starter.kill();
    stage::until_dead(program).await;
    stage::until_dead(launcher).await;
}

#[tokio::test]
async fn a_program_ends_with_its_launcher() {
    let stage = Stage::set().await;
    let waiting = stage.start(&[Act::Wait], 10).await;
    let (launcher, program) = (waiting.launcher(), waiting.program());
    stage::kill(launcher);
    stage::until_dead(program).await;
}

#[tokio::test]
async fn the_exit_status_is_the_programs() {
    let stage = Stage::set().await;
    let (_, status) = stage.run(&[Act::Exit(7)], 10).await;
    assert_eq!(status.code(), Some(7));
    let (_, status) = stage.run(&[Act::Crash], 10).await;
    assert_eq!(signal(status), Some(libc::SIGSEGV));
    assert_eq!(answers("ANSWER a\nb\nxANSWER c\n"), ["a", "c"]);
}
