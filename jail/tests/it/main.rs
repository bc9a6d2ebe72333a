//! Tests of the jail. They run this very binary in it: it does what its input says and tells what came of
//! it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these are tests"
)]

mod actor;
mod inside;
mod same_user;
mod stage;
mod weaker_kernels;

/// What this binary does as another process. Tests start it with [`stage::part`].
mod part {
    #[test]
    #[ignore = "runs inside the jail"]
    fn actor() {
        crate::actor::perform();
    }

    #[test]
    #[ignore = "starts an actor and waits"]
    fn starter() {
        crate::stage::start_and_wait();
    }

    #[test]
    #[ignore = "starts an actor as another user"]
    fn as_a_user() {
        crate::stage::one_answer();
    }

    #[test]
    #[ignore = "holds a clip as another user"]
    fn holder() {
        crate::same_user::hold();
    }

    #[test]
    #[ignore = "reads what it can of other processes"]
    fn thief() {
        crate::same_user::steal();
    }
}
