//! Which system calls a program may make, by seccomp.
//!
//! Three filters apply to every call, and the strictest answer counts:
//!
//! 1. Calls of other architectures, and calls that no decoder has an honest use for, kill the program.
//! 2. So do the calls of x32, a second table of calls on x86_64.
//! 3. Calls of the list in `calls` are allowed. All others fail with `ENOSYS`, as if the kernel were
//!    older. The C library then does without them.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, OwnedFd};

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

use super::calls::{ALLOWED, DEADLY, LIMITED, Limited};

/// The filters, in the order in which they are to be applied.
///
/// `program` is the only file that may be executed.
pub fn filters(program: &OwnedFd) -> Result<Vec<BpfProgram>, BackendError> {
    let refuse = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    // The list comes last. The calls that apply a filter are not on it.
    Ok([
        Some(filter(
            deadly(),
            SeccompAction::Allow,
            SeccompAction::KillProcess,
        )?),
        x32(),
        Some(filter(allowed(program)?, refuse, SeccompAction::Allow)?),
    ]
    .into_iter()
    .flatten()
    .collect())
}

/// Applies the filters to this thread and all that it starts.
pub fn apply(filters: &[BpfProgram]) -> seccompiler::Result<()> {
    filters
        .iter()
        .try_for_each(|f| seccompiler::apply_filter(f))
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn filter(
    rules: Rules,
    otherwise: SeccompAction,
    matching: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, otherwise, matching, arch)?.try_into()
}

fn deadly() -> Rules {
    DEADLY.iter().map(|call| (*call, Vec::new())).collect()
}

fn allowed(program: &OwnedFd) -> Result<Rules, BackendError> {
    let mut rules: Rules = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    for Limited {
        call,
        argument,
        values,
    } in LIMITED
    {
        let rule = |value: &u64| SeccompRule::new(vec![is(*argument, *value)?]);
        let each = values.iter().map(rule).collect::<Result<_, _>>()?;
        rules.insert(*call, each);
    }
    // Threads, and no processes.
    let is_thread = SeccompCmpOp::MaskedEq(THREAD);
    let is_thread = SeccompCondition::new(0, SeccompCmpArgLen::Dword, is_thread, THREAD)?;
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![is_thread])?]);
    // Reading one's own limits, and changing none.
    let is_null = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    let reads_own = SeccompRule::new(vec![is(0, 0)?, is_null])?;
    rules.insert(libc::SYS_prlimit64, vec![reads_own]);
    // Becoming the program. Afterwards its file is closed and its number out of reach.
    let file = u64::from(program.as_raw_fd().unsigned_abs());
    let empty_path = u64::from(libc::AT_EMPTY_PATH.unsigned_abs());
    let becomes = SeccompRule::new(vec![is(0, file)?, is(4, empty_path)?])?;
    rules.insert(libc::SYS_execveat, vec![becomes]);
    Ok(rules)
}

/// The flag of `clone` that makes a thread, with the flags without which the kernel refuses it.
const THREAD: u64 = (libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD) as u64;

/// Whether the lower half of an argument has this value. Arguments that are compared so are integers of
/// 32 bits.
fn is(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

/// Kills the program at a call of x32. Such calls have the architecture of other calls and a bit of
/// their own.
#[cfg(target_arch = "x86_64")]
fn x32() -> Option<BpfProgram> {
    use seccompiler::sock_filter;
    const FIRST: u32 = 0x4000_0000;
    let instruction = |code: u32, k: u32, jt: u8, jf: u8| sock_filter {
        #[expect(clippy::cast_possible_truncation, reason = "codes have 16 bits")]
        code: code as u16,
        jt,
        jf,
        k,
    };
    Some(vec![
        // The number of the call is the first field.
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, FIRST, 0, 1),
        instruction(
            libc::BPF_RET | libc::BPF_K,
            libc::SECCOMP_RET_KILL_PROCESS,
            0,
            0,
        ),
        instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
    ])
}

#[cfg(not(target_arch = "x86_64"))]
fn x32() -> Option<BpfProgram> {
    None
}
