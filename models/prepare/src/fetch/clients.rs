//! npm and pip, run with the user's settings: proxies, mirrors and credentials are the user's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{FetchError, Source, io_error};
use livegate_models::manifest::{Archive, Registry};

const ATTEMPTS: usize = 3;
const POLL: Duration = Duration::from_millis(20);

/// The registries' own clients.
#[derive(Debug)]
pub struct Clients {
    npm: Vec<Vec<String>>,
    pip: Vec<Vec<String>>,
    pause: Duration,
    interrupted: Arc<AtomicBool>,
}

impl Clients {
    /// The clients on this machine. A running client is ended when `interrupted` becomes true.
    #[must_use]
    pub fn new(interrupted: Arc<AtomicBool>) -> Self {
        let command = |words: &[&str]| words.iter().map(|&w| w.to_owned()).collect();
        Self {
            npm: vec![command(&["npm"])],
            // Debian's python3 comes without pip, and some images have only one of these names.
            pip: vec![
                command(&["python3", "-m", "pip"]),
                command(&["pip3"]),
                command(&["pip"]),
            ],
            pause: Duration::from_secs(2),
            interrupted,
        }
    }

    /// The command line that downloads `archive` into the current folder.
    fn command(&self, archive: &Archive) -> Result<Vec<String>, FetchError> {
        let mut words = match archive.registry {
            Registry::Npm => self.first_working(&self.npm, "npm", "nodejs and npm")?,
            Registry::Pypi => self.first_working(&self.pip, "Python's pip", "python3-pip")?,
        };
        let (fixed, pin): (&[&str], _) = match archive.registry {
            Registry::Npm => (&["pack", "--silent", "--ignore-scripts"], "@"),
            Registry::Pypi => (
                &["download", "--quiet", "--no-deps", "--only-binary=:all:"],
                "==",
            ),
        };
        words.extend(fixed.iter().map(|&word| word.to_owned()));
        words.extend(archive.flags.iter().cloned());
        words.push(format!("{}{pin}{}", archive.package, archive.version));
        Ok(words)
    }

    fn first_working(
        &self,
        candidates: &[Vec<String>],
        client: &'static str,
        package: &'static str,
    ) -> Result<Vec<String>, FetchError> {
        for candidate in candidates {
            let mut probe = candidate.clone();
            probe.push("--version".to_owned());
            if self.run(&probe, Path::new("."))? {
                return Ok(candidate.clone());
            }
        }
        Err(FetchError::NoClient { client, package })
    }

    /// Runs a command to its end. Returns false if the command does not exist or fails.
    ///
    /// Its output is dropped, since it names the user's hosts. The error says how to see it.
    fn run(&self, words: &[String], folder: &Path) -> Result<bool, FetchError> {
        let Some((program, arguments)) = words.split_first() else {
            return Ok(false);
        };
        let spawned = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = spawned else {
            return Ok(false);
        };
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                // The process may be gone already. It must be waited for in both cases.
                let _ = child.kill();
                let _ = child.wait();
                return Err(FetchError::Interrupted);
            }
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status.success()),
                Ok(None) => std::thread::sleep(POLL),
                Err(_) => return Ok(false),
            }
        }
    }
}

impl Source for Clients {
    fn download(&self, archive: &Archive, into: &Path) -> Result<PathBuf, FetchError> {
        let command = self.command(archive)?;
        let shown = command.join(" ");
        for attempt in 1..=ATTEMPTS {
            if self.run(&command, into)? {
                return only_file(into, shown);
            }
            if attempt < ATTEMPTS {
                std::thread::sleep(self.pause);
            }
        }
        Err(FetchError::ClientFailed {
            command: shown,
            attempts: ATTEMPTS,
        })
    }
}

fn only_file(folder: &Path, command: String) -> Result<PathBuf, FetchError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| io_error(folder, e))? {
        files.push(entry.map_err(|e| io_error(folder, e))?.path());
    }
    match (files.pop(), files.len()) {
        (Some(file), 0) => Ok(file),
        (last, rest) => Err(FetchError::NotOneFile {
            command,
            found: rest + usize::from(last.is_some()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use livegate_models::manifest::Manifest;

    /// Clients whose npm is a shell script. `$1` is its first argument.
    fn scripted(script: &str) -> Clients {
        let words = ["sh", "-c", script, "npm"].map(str::to_owned);
        Clients {
            npm: vec![words.to_vec()],
            pip: vec![
                vec!["/nonexistent/pip".to_owned()],
                vec!["false".to_owned()],
            ],
            pause: Duration::ZERO,
            interrupted: Arc::default(),
        }
    }

    fn archive(registry: Registry) -> &'static Archive {
        let mut archives = Manifest::shipped().archives.iter();
        archives.find(|a| a.registry == registry).unwrap()
    }

    #[test]
    fn a_client_that_fails_twice_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let clients = scripted(
            r#"[ "$1" = --version ] && exit; echo >> ../tries-$(basename "$PWD"); [ $(wc -l < ../tries-$(basename "$PWD")) = 3 ] && touch package.tgz"#,
        );
        let into = folder.path().join("download");
        fs::create_dir(&into).unwrap();
        let file = clients.download(archive(Registry::Npm), &into).unwrap();
        assert_eq!(file, into.join("package.tgz"));
    }

    #[test]
    fn a_client_that_keeps_failing_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let clients = scripted(r#"[ "$1" = --version ]"#);
        let error = clients
            .download(archive(Registry::Npm), folder.path())
            .unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("pack --silent --ignore-scripts"),
            "{message}"
        );
        assert!(message.contains("failed 3 times"), "{message}");
        assert!(message.contains("make build"), "{message}");
    }

    #[test]
    fn a_missing_client_is_named_with_what_to_install() {
        let folder = tempfile::tempdir().unwrap();
        // Neither a missing pip nor a Python without pip is accepted.
        let error = scripted("true")
            .download(archive(Registry::Pypi), folder.path())
            .unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("Python's pip is not installed"),
            "{message}"
        );
        assert!(message.contains("python3-pip"), "{message}");
        let error = scripted("false")
            .download(archive(Registry::Npm), folder.path())
            .unwrap_err();
        assert!(
            error.to_string().contains("npm is not installed"),
            "{error}"
        );
    }

    #[test]
    fn a_client_that_leaves_no_single_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = scripted("true")
            .download(archive(Registry::Npm), folder.path())
            .unwrap_err();
        assert!(
            matches!(error, FetchError::NotOneFile { found: 0, .. }),
            "{error}"
        );
        let error = scripted(r#"[ "$1" = --version ] || touch a b"#)
            .download(archive(Registry::Npm), folder.path());
        assert!(matches!(
            error,
            Err(FetchError::NotOneFile { found: 2, .. })
        ));
    }

    #[test]
    fn a_running_client_is_ended_when_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let clients = scripted(r#"[ "$1" = --version ] || exec sleep 60"#);
        let interrupted = Arc::clone(&clients.interrupted);
        let start = Instant::now();
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(100));
                interrupted.store(true, Ordering::Relaxed);
            });
            clients.download(archive(Registry::Npm), folder.path())
        });
        assert!(matches!(result, Err(FetchError::Interrupted)));
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
