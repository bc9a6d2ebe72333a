//! What this process tells the launcher, as arguments of its command line.

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;

/// The launcher's task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Report what this kernel gives.
    Report,
    /// Become this program.
    Run(Run),
}

/// A program to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Process that waits for it.
    pub parent: u32,
    /// Limit of processor time, seconds.
    pub cpu_seconds: u64,
    /// The program's open file.
    pub program: RawFd,
    /// Whether that is a copy in memory.
    pub is_copy: bool,
    /// The program's name and its arguments.
    pub words: Vec<OsString>,
}

impl Order {
    /// The arguments, without the launcher's own name.
    pub fn arguments(&self) -> Vec<OsString> {
        match self {
            Self::Report => vec!["report".into()],
            Self::Run(run) => [
                "run".to_owned(),
                run.parent.to_string(),
                run.cpu_seconds.to_string(),
                run.program.to_string(),
                run.is_copy.to_string(),
            ]
            .into_iter()
            .map(OsString::from)
            .chain(run.words.iter().cloned())
            .collect(),
        }
    }

    /// Reads the arguments, without the launcher's own name. `None` for others.
    pub fn parse(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let task = arguments.next()?;
        if task == OsStr::new("report") {
            return Some(Self::Report);
        }
        if task != OsStr::new("run") {
            return None;
        }
        let mut number = || arguments.next()?.into_string().ok();
        Some(Self::Run(Run {
            parent: number()?.parse().ok()?,
            cpu_seconds: number()?.parse().ok()?,
            program: number()?.parse().ok()?,
            is_copy: number()?.parse().ok()?,
            words: arguments.collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_it_was_given() {
        let run = Order::Run(Run {
            parent: 7,
            cpu_seconds: 10,
            program: 12,
            is_copy: true,
            words: vec!["ffmpeg".into(), "-version".into()],
        });
        for order in [Order::Report, run] {
            assert_eq!(Order::parse(order.arguments().into_iter()), Some(order));
        }
        for words in [
            &[][..],
            &["walk"],
            &["run", "7"],
            &["run", "x", "1", "3", "true"],
        ] {
            let words = words.iter().map(OsString::from);
            assert_eq!(Order::parse(words), None);
        }
    }
}
