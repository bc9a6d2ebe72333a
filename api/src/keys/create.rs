//! Creates a key: its hash is written to the file, the key itself is shown once.

use std::path::Path;

use livegate_common::job::now_ms;
use livegate_liveness::challenge::Action;
use rand::Rng;

use super::KeyHash;
use super::edit::{EditError, edit, new_secret};
use super::file::Entry;
use crate::clock::rfc3339;

/// Rights, limits and session defaults of a new key.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Name that the operator gives it, for people; need not be unique.
    pub name: String,
    /// Whether it is a test key.
    pub test: bool,
    /// Whether it may use liveness.
    pub liveness: bool,
    /// Requests per minute, 1 to 1,000,000.
    pub requests_per_minute: u32,
    /// Simultaneous verifications, 1 to 1,000.
    pub concurrency: u32,
    /// Actions that its sessions draw from, at least 2 and all different; `None`: all actions.
    pub actions: Option<Vec<Action>>,
    /// Angle of a turn to the side, degrees, 15 to 40; `None` for the standard, here and below.
    pub yaw_deg: Option<f32>,
    /// Angle of a look up or down, degrees, 10 to 30.
    pub pitch_deg: Option<f32>,
    /// Eye aspect ratio below which eyes count as closed, 0.12 to 0.28.
    pub blink_ear: Option<f32>,
}

impl NewKey {
    /// A key with the default limits and the standard session defaults.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            test: false,
            liveness: true,
            requests_per_minute: super::file::default_requests_per_minute(),
            concurrency: super::file::default_concurrency(),
            actions: None,
            yaw_deg: None,
            pitch_deg: None,
            blink_ear: None,
        }
    }
}

/// A key that was just created.
pub struct CreatedKey {
    /// Id of the key, which records and logs show.
    pub id: String,
    /// The secret, which is the API key as sent. It is stored nowhere else.
    pub secret: String,
}

/// Adds a key to the file, and creates the file if it does not exist.
///
/// Other processes may read the file and change keys at the same time: the file is replaced as a whole,
/// under a lock.
///
/// # Errors
/// [`EditError`]; the file is then unchanged.
pub fn create(path: &Path, new: &NewKey) -> Result<CreatedKey, EditError> {
    if new.name.trim().is_empty() || new.name.chars().any(char::is_control) {
        return Err(EditError::Invalid(
            "the name must be text, without line breaks".to_owned(),
        ));
    }
    let secret = new_secret(new.test);
    let id = format!("key_{:016x}", rand::rng().random::<u64>());
    let names = |actions: &Vec<Action>| actions.iter().map(|a| a.name().to_owned()).collect();
    let entry = Entry {
        id: id.clone(),
        name: new.name.clone(),
        hash: KeyHash::of(&secret).to_text(),
        created_at: Some(rfc3339(now_ms())),
        rotated_at: None,
        old_secrets: Vec::new(),
        test: new.test,
        liveness: new.liveness,
        requests_per_minute: new.requests_per_minute,
        concurrency: new.concurrency,
        actions: new.actions.as_ref().map(names),
        yaw_deg: new.yaw_deg,
        pitch_deg: new.pitch_deg,
        blink_ear: new.blink_ear,
    };
    entry
        .secrets()
        .map_err(|cause| EditError::Invalid(cause.to_string()))?;
    edit(path, |draft| draft.add(entry))?;
    Ok(CreatedKey { id, secret })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    use super::*;
    use crate::keys::KeyRing;

    #[test]
    fn keys_made_at_once_are_all_there_and_only_their_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        std::fs::write(&path, "# ours\n").unwrap();
        let secrets: Vec<String> = std::thread::scope(|scope| {
            let make = || create(&path, &NewKey::named("a")).unwrap().secret;
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let (ring, text) = (
            KeyRing::load(&path).unwrap(),
            std::fs::read_to_string(&path).unwrap(),
        );
        assert!(text.starts_with("# ours\n"));
        assert_eq!(ring.len(), 8);
        for secret in secrets {
            assert!(ring.find(&secret, 0).is_some() && !text.contains(&secret));
        }
        let new = folder.path().join("new.toml");
        create(&new, &NewKey::named("a")).unwrap();
        let mode = std::fs::metadata(&new).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_keeps_its_mode_and_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        // Only root can give files away, so only root checks that the owner stays.
        let _ = chown(&path, Some(12_345), Some(54_321));
        let kept = |path: &Path| {
            let metadata = std::fs::metadata(path).unwrap();
            (metadata.mode() & 0o777, metadata.uid(), metadata.gid())
        };
        let before = kept(&path);
        create(&path, &NewKey::named("a")).unwrap();
        assert_eq!(kept(&path), before);
    }

    #[test]
    fn the_defaults_of_a_key_are_in_the_file_as_they_were_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let new = NewKey {
            actions: Some(vec![Action::Blink, Action::TurnUp]),
            pitch_deg: Some(12.5),
            blink_ear: Some(0.15),
            ..NewKey::named("strict")
        };
        let key = create(&path, &new).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in ["pitch_deg = 12.5\n", "blink_ear = 0.15\n"] {
            assert!(text.contains(line), "{text}");
        }
        let ring = KeyRing::load(&path).unwrap();
        let defaults = &ring.find(&key.secret, 0).unwrap().defaults;
        assert_eq!(defaults.actions, [Action::Blink, Action::TurnUp]);
        let angles = (defaults.angles.yaw_deg, defaults.angles.pitch_deg);
        assert_eq!((angles, defaults.angles.blink_ear), ((25.0, 12.5), 0.15));
    }

    #[test]
    fn nothing_is_added_to_a_broken_file_or_with_a_value_out_of_range() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        std::fs::write(&path, "keys = 7").unwrap();
        assert!(create(&path, &NewKey::named("a")).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "keys = 7");
        std::fs::write(&path, "keys = []").unwrap();
        let error = create(&path, &NewKey::named("a")).err().unwrap();
        assert!(error.to_string().contains("[[keys]]"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "keys = []");
        let new = folder.path().join("new.toml");
        let good = NewKey::named("a");
        for (bad, named) in [
            (NewKey::named(" "), "name"),
            (
                NewKey {
                    concurrency: 1001,
                    ..good.clone()
                },
                "1 to 1000",
            ),
            (
                NewKey {
                    yaw_deg: Some(f32::NAN),
                    ..good.clone()
                },
                "15 to 40",
            ),
            (
                NewKey {
                    actions: Some(vec![Action::Blink]),
                    ..good
                },
                "at least 2",
            ),
        ] {
            let error = create(&new, &bad).err().unwrap().to_string();
            assert!(error.contains(named), "{error}");
        }
        assert!(!new.exists());
    }
}
