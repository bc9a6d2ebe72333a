//! The binary `livegate-jail`: gives up its rights and becomes a program that reads hostile bytes.
//! Livegate's other programs start it; it is of no use by hand.

use std::process::ExitCode;

fn main() -> ExitCode {
    livegate_jail::inside::main(std::env::args_os().skip(1))
}
