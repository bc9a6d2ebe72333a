//! The programs that read clips, and the rule about kernels that cannot confine them.

use std::sync::Arc;

use livegate_jail::Abilities;
use tracing::{info, warn};

use super::ClipError;
use super::tools::Tools;
use crate::analyzer::StartError;

/// Reads clips with `ffmpeg`, in a jail. Each pool of threads has one.
#[derive(Clone, Debug)]
pub struct ClipReader {
    tools: Arc<Tools>,
    abilities: Abilities,
    allows_unconfined: bool,
}

impl ClipReader {
    /// Finds the programs and asks what the kernel gives. Call it inside a tokio runtime.
    ///
    /// A kernel without Landlock cannot keep the programs from the files of this user. There all clips
    /// are refused, unless `allows_unconfined`.
    ///
    /// # Errors
    /// [`StartError`] naming the program that is missing.
    pub async fn open(allows_unconfined: bool) -> Result<Self, StartError> {
        Ok(Self::of(Tools::open().await?, allows_unconfined))
    }

    /// The same, and runs each program once. Tells the log which layers of the jail there are.
    ///
    /// # Errors
    /// [`StartError`] naming the program that is missing or does not run.
    pub async fn start(allows_unconfined: bool) -> Result<Self, StartError> {
        let mut tools = Tools::open().await?;
        tools.check().await?;
        let reader = Self::of(tools, allows_unconfined);
        reader.tell();
        Ok(reader)
    }

    fn of(tools: Tools, allows_unconfined: bool) -> Self {
        let mut abilities = tools.jail.abilities();
        abilities.unreadable &= tools.ffmpeg.is_copy() && tools.ffprobe.is_copy();
        Self {
            tools: Arc::new(tools),
            abilities,
            allows_unconfined,
        }
    }

    /// The same reader, as if the kernel gave only this. For tests.
    #[must_use]
    pub fn as_if(self, abilities: Abilities) -> Self {
        Self { abilities, ..self }
    }

    /// What the kernel gives to the jail.
    pub fn abilities(&self) -> Abilities {
        self.abilities
    }

    /// The programs, if they may read clips.
    pub(super) fn tools(&self) -> Result<Arc<Tools>, ClipError> {
        if self.abilities.landlock || self.allows_unconfined {
            return Ok(Arc::clone(&self.tools));
        }
        Err(ClipError::Failed(
            "the kernel has no Landlock, so clips are refused; use Linux 5.13 or later with Landlock, or allow it by LIVEGATE_ALLOW_UNCONFINED_CLIPS=on".to_owned(),
        ))
    }

    fn tell(&self) {
        let Abilities {
            landlock,
            namespaces,
            unreadable,
        } = self.abilities;
        let or_no = |there: bool| if there { "yes" } else { "no" };
        info!(
            "Clips are decoded in a jail: Landlock {}, namespaces {}, unreadable programs {}",
            or_no(landlock),
            or_no(namespaces),
            or_no(unreadable)
        );
        if !landlock && self.allows_unconfined {
            warn!(
                "This kernel has no Landlock (Linux 5.13 or later): the programs that read clips can read the files of this user"
            );
        } else if !landlock {
            warn!(
                "This kernel has no Landlock (Linux 5.13 or later): every clip is refused with 502, unless LIVEGATE_ALLOW_UNCONFINED_CLIPS=on"
            );
        }
        if !unreadable {
            warn!(
                "Programs cannot be run from memory here (`livegate-jail` is missing, or vm.memfd_noexec forbids it): while a clip is decoded, other processes of this user can read it"
            );
        }
    }
}
