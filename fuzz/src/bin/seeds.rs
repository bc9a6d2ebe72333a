//! `seeds FOLDER` writes the inputs that libFuzzer begins with, a folder for each target, and prints the
//! targets.
#![allow(clippy::print_stdout, reason = "a script reads it")]

use std::fs;
use std::path::PathBuf;

use livegate_fuzz::{PROPERTIES, seeds};

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(
        std::env::args_os()
            .nth(1)
            .unwrap_or_else(|| "corpus".into()),
    );
    for (name, _) in PROPERTIES {
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds::of(name).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
        println!("{name}");
    }
    Ok(())
}
