//! Secret settings: read from a variable, or from a file that a second variable names, as Docker and
//! Kubernetes provide them.

use std::path::{Path, PathBuf};

/// A secret setting, and the two variables that may provide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretSetting {
    /// Name of the variable that holds the secret.
    pub name: &'static str,
    /// Name of the variable that names the file with the secret.
    pub file: &'static str,
}

/// Address of RabbitMQ. The URL may hold a password.
pub const AMQP_URL: SecretSetting = SecretSetting {
    name: "LIVEGATE_AMQP_URL",
    file: "LIVEGATE_AMQP_URL_FILE",
};

/// Address of Redis. The URL may hold a password.
pub const REDIS_URL: SecretSetting = SecretSetting {
    name: "LIVEGATE_REDIS_URL",
    file: "LIVEGATE_REDIS_URL_FILE",
};

/// Key that seals what crosses queue and store.
pub const SEAL_KEY: SecretSetting = SecretSetting {
    name: "LIVEGATE_SEAL_KEY",
    file: "LIVEGATE_SEAL_KEY_FILE",
};

/// Why a secret is not available. The message never repeats what was read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    /// Both variables are set. It would be unclear which one counts.
    #[error("{} and {} are both set; set one of them", .0.name, .0.file)]
    Both(SecretSetting),
    /// The file is missing, not readable for this process, or not text.
    #[error("{}, which {} names, cannot be read: {cause}", path.display(), setting.file)]
    Unreadable {
        /// The setting.
        setting: SecretSetting,
        /// The file.
        path: PathBuf,
        /// The system's message.
        cause: String,
    },
    /// The file is empty. An empty variable counts as not set, but an empty file is an error.
    #[error("{}, which {} names, is empty", path.display(), setting.file)]
    Empty {
        /// The setting.
        setting: SecretSetting,
        /// The file.
        path: PathBuf,
    },
}

impl SecretSetting {
    /// The secret, without the line end that most files have; `None` if neither variable is set.
    ///
    /// `get` returns the value of a variable, `None` if it is empty or not set.
    ///
    /// # Errors
    /// [`SecretError`] if both variables are set, or if the file holds no secret.
    pub fn read(
        self,
        get: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Option<String>, SecretError> {
        match (get(self.name), get(self.file)) {
            (Some(_), Some(_)) => Err(SecretError::Both(self)),
            (value, None) => Ok(value),
            (None, Some(path)) => self.read_file(Path::new(&path)).map(Some),
        }
    }

    fn read_file(self, path: &Path) -> Result<String, SecretError> {
        let text = std::fs::read_to_string(path).map_err(|cause| SecretError::Unreadable {
            setting: self,
            path: path.to_owned(),
            cause: cause.to_string(),
        })?;
        match text.trim() {
            "" => Err(SecretError::Empty {
                setting: self,
                path: path.to_owned(),
            }),
            secret => Ok(secret.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: Option<&str>, file: Option<&Path>) -> Result<Option<String>, SecretError> {
        SEAL_KEY.read(|asked| match asked {
            "LIVEGATE_SEAL_KEY" => name.map(str::to_owned),
            "LIVEGATE_SEAL_KEY_FILE" => file.map(|f| f.display().to_string()),
            other => panic!("{other} is not asked for"),
        })
    }

    #[test]
    fn a_secret_comes_from_its_variable_or_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "of the file\n").unwrap();
        assert_eq!(read(None, None), Ok(None));
        assert_eq!(read(Some("its own"), None), Ok(Some("its own".to_owned())));
        assert_eq!(read(None, Some(&file)), Ok(Some("of the file".to_owned())));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_without_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let file = folder.path().join(name);
            std::fs::write(&file, content).unwrap();
            file
        };
        let good = file("good", b"hunter2");
        for (name, path, told) in [
            (Some("hunter2"), good, "are both set"),
            (None, folder.path().join("missing"), "cannot be read"),
            (None, folder.path().to_owned(), "cannot be read"),
            (None, file("no text", b"hunter2\xff"), "cannot be read"),
            (None, file("empty", b" \n"), "is empty"),
        ] {
            let error = read(name, Some(&path)).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
            assert!(error.contains("LIVEGATE_SEAL_KEY_FILE"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
