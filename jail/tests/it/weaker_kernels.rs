//! The jail on kernels and in containers that give less. A filter makes this kernel one of them.

use std::collections::BTreeMap;

use livegate_jail::{Abilities, Program};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use crate::actor::Act;
use crate::stage::{self, Stage, signal};

/// Runs a test on a thread where these calls fail with this error, as do those of its children.
fn without(calls: &[i64], error: i32, test: impl AsyncFnOnce(Stage) + Send + 'static) {
    let rules: BTreeMap<_, _> = calls.iter().map(|call| (*call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(error.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).unwrap();
    let filter: BpfProgram = filter.try_into().unwrap();
    let thread = std::thread::spawn(move || {
        seccompiler::apply_filter(&filter).unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(async { test(Stage::set().await).await });
    });
    thread.join().unwrap();
}

#[test]
fn without_namespaces_the_other_layers_hold() {
    without(&[libc::SYS_unshare], libc::EPERM, async |stage| {
        let abilities = stage.jail.abilities();
        assert!(!abilities.namespaces);
        let acts = [Act::Thread, Act::Fork, Act::Call(libc::SYS_socket)];
        let (answers, status) = stage.run(&acts, 10).await;
        assert_eq!(
            answers,
            ["a thread ran", "not implemented", "not implemented"]
        );
        assert!(status.success());
        if abilities.landlock {
            let (answers, _) = stage.run(&[Act::Read("/etc/passwd".into())], 10).await;
            assert!(answers[0].contains("denied"), "{answers:?}");
        }
        let (_, status) = stage.run(&[Act::Call(libc::SYS_ptrace)], 10).await;
        assert_eq!(signal(status), Some(libc::SIGSYS));
        let (_, status) = stage.run(&[Act::Spin(2)], 1).await;
        assert_eq!(signal(status), Some(libc::SIGKILL));

        // The launcher has become the program.
        let waiting = stage.start(&[Act::Wait], 10).await;
        let program = waiting.program();
        assert_eq!(program, waiting.launcher());
        drop(waiting);
        stage::until_dead(program).await;
        let mut starter = stage.starter();
        let (launcher, program) = starter.started();
        assert_eq!(program, launcher);
        starter.kill();
        stage::until_dead(program).await;
    });
}

#[test]
fn a_kernel_without_landlock_is_reported() {
    without(
        &[libc::SYS_landlock_create_ruleset],
        libc::ENOSYS,
        async |stage| {
            assert!(!stage.jail.abilities().landlock);
            let (answers, status) = stage.run(&[Act::Fork], 10).await;
            assert_eq!(answers, ["not implemented"]);
            assert!(status.success());
        },
    );
}

#[test]
fn where_no_file_in_memory_may_be_executed_programs_run_from_their_files() {
    // Copying makes this call, and nothing else here does.
    without(&[libc::SYS_fchmod], libc::EACCES, async |stage| {
        let this = std::env::current_exe().unwrap();
        assert!(Program::copied(&this).is_err());
        assert!(matches!(
            stage.jail.abilities(),
            Abilities {
                unreadable: false,
                ..
            }
        ));
        let (answers, status) = stage.run(&[Act::Thread, Act::Fork], 10).await;
        assert_eq!(answers, ["a thread ran", "not implemented"]);
        assert!(status.success());
    });
}
