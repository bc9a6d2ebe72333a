//! What this kernel gives to the jail.

/// The layers of the jail that depend on the kernel. The others always apply: the list of system calls,
/// the limits, no capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Landlock keeps a program from all files but libraries. Linux 5.13 or later.
    pub landlock: bool,
    /// A program gets namespaces of its own for users, processes and shared memory. Container engines and
    /// some distributions forbid them.
    pub namespaces: bool,
    /// Programs run from unreadable copies in memory. So no process of the same user reads their memory
    /// and files. The setting `vm.memfd_noexec` can forbid it.
    pub unreadable: bool,
}

impl Abilities {
    /// The line in which the launcher reports what it was able to do.
    pub(crate) fn to_line(self) -> String {
        format!("landlock={} namespaces={}", self.landlock, self.namespaces)
    }

    /// Parses the launcher's report. `None` for any other text.
    pub(crate) fn parse(line: &str, unreadable: bool) -> Option<Self> {
        let (landlock, namespaces) = line.trim().split_once(' ')?;
        Some(Self {
            landlock: landlock.strip_prefix("landlock=")?.parse().ok()?,
            namespaces: namespaces.strip_prefix("namespaces=")?.parse().ok()?,
            unreadable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_as_it_was_written() {
        for (landlock, namespaces, unreadable) in [(true, false, true), (false, true, false)] {
            let abilities = Abilities {
                landlock,
                namespaces,
                unreadable,
            };
            let line = abilities.to_line();
            assert_eq!(Abilities::parse(&line, unreadable), Some(abilities));
        }
        for line in ["", "landlock=true", "landlock=1 namespaces=0"] {
            assert_eq!(Abilities::parse(line, true), None);
        }
    }
}
