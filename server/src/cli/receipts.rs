//! The commands of `livegate-api receipts`.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use livegate_api::receipts::check::check;
use livegate_api::receipts::edit::{new_key, remove_key, use_key};
use livegate_api::receipts::key_set::KeySet;

use super::Failure;
use crate::settings::signing_keys;

#[derive(Subcommand)]
pub(super) enum ReceiptsCommand {
    /// Verifies a receipt offline and prints what it says; ends with 1 if it is not valid.
    Verify {
        /// File of the receipt, or of an answer that has one; `-`: standard input.
        file: PathBuf,
        /// File with the keys that /.well-known/jwks.json gave.
        #[arg(long)]
        jwks: PathBuf,
    },
    /// Makes a key in the file that LIVEGATE_SIGNING_KEY names. The first one signs; a further one is published, and signs
    /// after `use-key`.
    NewKey,
    /// Lists the keys of the file, without their private halves.
    ListKeys,
    /// Lets a key sign. Of the key before it, only the public half stays.
    UseKey {
        /// Id of the key.
        kid: String,
    },
    /// Removes a key: its receipts can then no longer be verified.
    RemoveKey {
        /// Id of the key.
        kid: String,
    },
}

impl ReceiptsCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = signing_keys();
        let mut out = std::io::stdout().lock();
        match self {
            Self::Verify { file, jwks } => {
                let claims = check(&receipt_in(&read(&file)?), &read(&jwks)?)?;
                writeln!(out, "{}", serde_json::to_string_pretty(&claims)?)?;
            }
            Self::NewKey => {
                let key = new_key(&path)?;
                writeln!(out, "{} is in {}.", key.kid, path.display())?;
                list(&path, &mut out)?;
            }
            Self::ListKeys => list(&path, &mut out)?,
            Self::UseKey { kid } => {
                use_key(&path, &kid)?;
                list(&path, &mut out)?;
            }
            Self::RemoveKey { kid } => {
                remove_key(&path, &kid)?;
                list(&path, &mut out)?;
            }
        }
        Ok(())
    }
}

fn list(path: &Path, out: &mut impl Write) -> Result<(), Failure> {
    for (i, key) in KeySet::load(path)?.keys().iter().enumerate() {
        let role = match (i, key.can_sign()) {
            (0, _) => "signs",
            (_, true) => "published, can sign",
            (_, false) => "published",
        };
        writeln!(out, "{}  {role}", key.public.kid)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path)
            .map_err(|cause| format!("{} cannot be read: {cause}", path.display()))?;
    }
    Ok(text)
}

/// The receipt in a text: the field `receipt` of an answer, or the text itself.
fn receipt_in(text: &str) -> String {
    let answer = serde_json::from_str::<serde_json::Value>(text).ok();
    let of_answer = answer.as_ref().and_then(|a| a["receipt"].as_str());
    of_answer.unwrap_or(text).to_owned()
}
