//! Keeps a program from all files but libraries, by Landlock.

use std::os::fd::OwnedFd;

use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

/// Folders and files that libraries are read from.
const LIBRARIES: [&str; 6] = [
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
];

/// Programs that load the libraries of another one. The kernel starts them together with it.
const LOADERS: [&str; 4] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// Applies all rules that this kernel knows; older kernels know fewer. `program` is a file that may be
/// executed, too; copies in memory always may.
///
/// Returns whether the kernel has Landlock.
pub fn apply(program: Option<&OwnedFd>) -> Result<bool, RulesetError> {
    let abi = ABI::V6;
    let execute = AccessFs::Execute | AccessFs::ReadFile;
    let program = program.map(|file| Ok::<_, RulesetError>(PathBeneath::new(file, execute)));
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(
            LIBRARIES,
            AccessFs::ReadFile | AccessFs::ReadDir,
        ))?
        .add_rules(path_beneath_rules(LOADERS, execute))?
        .add_rules(program)?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => true,
        RulesetStatus::NotEnforced => false,
    })
}
