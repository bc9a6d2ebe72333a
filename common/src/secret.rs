//! Settings that are secrets: held by a variable, or by a file that a second one names, as Docker and
//! Kubernetes hand them over.

use std::path::{Path, PathBuf};

/// A setting that is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretSetting {
    /// The variable that holds it.
    pub name: &'static str,
    /// The variable that names the file that holds it.
    pub file: &'static str,
}

/// Where RabbitMQ is; the URL may hold a password.
pub const AMQP_URL: SecretSetting = SecretSetting {
    name: "LIVEGATE_AMQP_URL",
    file: "LIVEGATE_AMQP_URL_FILE",
};

/// Where Redis is; the URL may hold a password.
pub const REDIS_URL: SecretSetting = SecretSetting {
    name: "LIVEGATE_REDIS_URL",
    file: "LIVEGATE_REDIS_URL_FILE",
};

/// What crosses queue and store is sealed with it.
pub const SEAL_KEY: SecretSetting = SecretSetting {
    name: "LIVEGATE_SEAL_KEY",
    file: "LIVEGATE_SEAL_KEY_FILE",
};

/// Why a secret cannot be had. Never repeats what was read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    /// Which of the two would count is not said.
    #[error("{} and {} are both set; set one of them", .0.name, .0.file)]
    Both(SecretSetting),
    /// The file is missing, not ours to read, or no text.
    #[error("{}, which {} names, cannot be read: {cause}", path.display(), setting.file)]
    Unreadable {
        /// The setting.
        setting: SecretSetting,
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// The file holds nothing. A variable set to nothing is a setting left out; a file is not.
    #[error("{}, which {} names, is empty", path.display(), setting.file)]
    Empty {
        /// The setting.
        setting: SecretSetting,
        /// The file.
        path: PathBuf,
    },
}

impl SecretSetting {
    /// What is set, without the line's end that most files have; `None` when neither variable is.
    ///
    /// `get` gives what a variable holds, `None` for an empty one.
    ///
    /// # Errors
    /// [`SecretError`] when both variables are set, or the file holds no secret.
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
