//! Changes an existing key: gives it a new secret, or removes it.

use std::path::Path;
use std::time::Duration;

use livegate_common::job::now_ms;

use super::KeyHash;
use super::edit::{EditError, edit, new_secret};
use crate::clock::rfc3339;

/// Longest time that an old secret may stay valid, days.
pub const MAX_KEEP_OLD_DAYS: u64 = 30;

/// The same limit as a duration.
pub const MAX_KEEP_OLD: Duration = Duration::from_secs(MAX_KEEP_OLD_DAYS * 24 * 3600);

/// A key's new secret.
pub struct Rotated {
    /// The new secret, which is the API key as sent. It is stored nowhere else.
    pub secret: String,
    /// When the old secret stops being valid: RFC 3339, UTC; `None` when it no longer is.
    pub old_until: Option<String>,
}

/// Gives the key `id` a new secret. Its name, limits, defaults and sessions stay.
///
/// `keep_old_for`, at most [`MAX_KEEP_OLD`], is how long the present secret stays valid beside the new
/// one. Older secrets then stay valid for the rest of their own time. `None`: no old secret stays
/// valid.
///
/// # Errors
/// [`EditError`]; the file is then unchanged.
pub fn rotate(path: &Path, id: &str, keep_old_for: Option<Duration>) -> Result<Rotated, EditError> {
    let now = now_ms();
    let old_until = match keep_old_for {
        Some(time) if time > MAX_KEEP_OLD => {
            return Err(EditError::Invalid(format!(
                "an old secret may stay valid for {MAX_KEEP_OLD_DAYS} days at most"
            )));
        }
        Some(time) => {
            let time_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            Some(rfc3339(now.saturating_add(time_ms)))
        }
        None => None,
    };
    let mut secret = String::new();
    edit(path, |draft| {
        secret = new_secret(draft.is_test(id)?);
        let hash = KeyHash::of(&secret).to_text();
        draft.replace_secret(id, hash, &rfc3339(now), old_until.clone())
    })?;
    Ok(Rotated { secret, old_until })
}

/// Removes the key `id`.
///
/// # Errors
/// [`EditError`]; the file is then unchanged.
pub fn revoke(path: &Path, id: &str) -> Result<(), EditError> {
    edit(path, |draft| draft.remove(id))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;
    use crate::keys::KeyRing;
    use crate::keys::create::{NewKey, create};
    use crate::keys::list::list;

    const HOUR: Duration = Duration::from_secs(3600);

    fn file() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        (folder, path)
    }

    fn read(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    /// The id of the key that `secret` is valid for at `at_ms`.
    fn id_of(path: &Path, secret: &str, at_ms: u64) -> Option<String> {
        let ring = KeyRing::load(path).unwrap();
        ring.find(secret, at_ms).map(|key| key.id.clone())
    }

    #[test]
    fn a_new_secret_takes_the_place_of_the_old_one_and_everything_else_stays() {
        let (_folder, path) = file();
        let key = create(&path, &NewKey::named("shop")).unwrap();
        let other = create(&path, &NewKey::named("other")).unwrap();
        let written = read(&path)
            .replace("[[keys]]\nid", "# Ours.\n[[keys]]\n# Never changes.\nid")
            .replace("\"\ncreated_at", "\" # SHA-256\ncreated_at");
        std::fs::write(&path, &written).unwrap();
        let rotated = rotate(&path, &key.id, None).unwrap();
        assert!(rotated.secret != key.secret && rotated.old_until.is_none());
        let now = now_ms();
        assert_eq!(id_of(&path, &rotated.secret, now), Some(key.id.clone()));
        assert_eq!(id_of(&path, &key.secret, now), None);
        assert_eq!(id_of(&path, &other.secret, now), Some(other.id));
        let at = list(&path).unwrap()[0].rotated_at.clone().unwrap();
        let text = read(&path).replace(&format!("rotated_at = \"{at}\"\n"), "");
        let hash = |secret: &str| KeyHash::of(secret).to_text();
        assert_eq!(
            text,
            written.replace(&hash(&key.secret), &hash(&rotated.secret))
        );
    }

    #[test]
    fn a_rotated_key_stays_of_its_kind() {
        let (_folder, path) = file();
        let test = NewKey {
            test: true,
            ..NewKey::named("ci")
        };
        for (new, is_test) in [(test, true), (NewKey::named("shop"), false)] {
            let key = create(&path, &new).unwrap();
            let rotated = rotate(&path, &key.id, Some(HOUR)).unwrap();
            let ring = KeyRing::load(&path).unwrap();
            for secret in [&key.secret, &rotated.secret] {
                assert_eq!(secret.starts_with("tsk_test_"), is_test, "{is_test}");
                assert_eq!(ring.find(secret, 0).unwrap().is_test, is_test);
            }
        }
        let listed: Vec<bool> = list(&path).unwrap().iter().map(|key| key.test).collect();
        assert_eq!(listed, [true, false]);
        assert_eq!(read(&path).matches("test = true").count(), 1);
        assert!(!read(&path).contains("test = false"));
    }

    #[test]
    fn an_old_secret_counts_until_its_time_and_is_forgotten_by_the_next_change() {
        let (_folder, path) = file();
        let key = create(&path, &NewKey::named("shop")).unwrap();
        let before = now_ms();
        let new = rotate(&path, &key.id, Some(HOUR)).unwrap();
        let after = now_ms();
        let hour_ms = 3_600_000;
        let id = Some(key.id.clone());
        assert_eq!(id_of(&path, &key.secret, before + hour_ms - 1), id);
        assert_eq!(id_of(&path, &key.secret, after + hour_ms), None);
        assert_eq!(id_of(&path, &new.secret, after + hour_ms), id);
        assert_eq!(list(&path).unwrap()[0].old_secrets_until.len(), 1);
        create(&path, &NewKey::named("other")).unwrap();
        let until = new.old_until.unwrap();
        assert!(read(&path).contains(&until), "still counts");

        std::fs::write(
            &path,
            read(&path).replace(&until, "2026-01-31T12:00:00+01:00"),
        )
        .unwrap();
        assert_eq!(id_of(&path, &key.secret, now_ms()), None);
        assert!(list(&path).unwrap()[0].old_secrets_until.is_empty());
        create(&path, &NewKey::named("third")).unwrap();
        assert!(!read(&path).contains("old_secrets"), "{}", read(&path));
    }

    #[test]
    fn a_second_rotation_leaves_the_first_old_secret_its_time_or_ends_them_all() {
        let (_folder, path) = file();
        let key = create(&path, &NewKey::named("shop")).unwrap();
        let second = rotate(&path, &key.id, Some(HOUR)).unwrap().secret;
        let third = rotate(&path, &key.id, Some(2 * HOUR)).unwrap().secret;
        let at = now_ms() + 5_400_000;
        let (now, id) = (now_ms(), Some(key.id.clone()));
        assert_eq!(id_of(&path, &key.secret, now), id);
        assert_eq!(id_of(&path, &key.secret, at), None);
        assert_eq!(id_of(&path, &second, at), id);
        let last = rotate(&path, &key.id, None).unwrap().secret;
        for old in [&key.secret, &second, &third] {
            assert_eq!(id_of(&path, old, now), None);
        }
        assert_eq!(id_of(&path, &last, now), id);
        assert!(rotate(&path, &key.id, Some(MAX_KEEP_OLD + HOUR)).is_err());
        assert_eq!(id_of(&path, &last, now), id);
    }

    #[test]
    fn a_revoked_key_goes_with_its_own_comment_and_leaves_those_of_others() {
        let (_folder, path) = file();
        let keys: Vec<_> = ["a", "b", "c"]
            .map(|name| create(&path, &NewKey::named(name)).unwrap())
            .into();
        let mut text = format!("# All of our keys.\n\n{}# The end.\n", read(&path));
        for (key, name) in keys.iter().zip(["a", "b", "c"]) {
            let table = format!("[[keys]]\nid = \"{}\"", key.id);
            text = text.replace(&table, &format!("# Customer {name}.\n{table}"));
        }
        std::fs::write(&path, &text).unwrap();
        let comments = |path: &Path| -> Vec<String> {
            let text = read(path);
            let lines = text.lines().filter(|line| line.starts_with('#'));
            lines.map(str::to_owned).collect()
        };
        for (key, left) in keys.iter().zip([
            &[
                "# All of our keys.",
                "# Customer b.",
                "# Customer c.",
                "# The end.",
            ][..],
            &["# All of our keys.", "# Customer c.", "# The end."],
            &["# All of our keys.", "# The end."],
        ]) {
            revoke(&path, &key.id).unwrap();
            assert_eq!(id_of(&path, &key.secret, 0), None);
            assert_eq!(comments(&path), left, "{}", read(&path));
        }
        let again = create(&path, &NewKey::named("d")).unwrap();
        assert_eq!(id_of(&path, &again.secret, 0), Some(again.id));
        assert_eq!(comments(&path), ["# All of our keys.", "# The end."]);
    }

    #[test]
    fn what_is_no_id_is_refused_with_a_hint_and_no_secret() {
        let (_folder, path) = file();
        let key = create(&path, &NewKey::named("shop")).unwrap();
        let before = read(&path);
        for (given, hint) in [
            ("key_0", "livegate-api keys list"),
            ("shop", key.id.as_str()),
            (key.secret.as_str(), "id"),
        ] {
            let rotated = rotate(&path, given, None).err().unwrap().to_string();
            let revoked = revoke(&path, given).err().unwrap().to_string();
            assert_eq!(rotated, revoked);
            assert!(revoked.contains(hint), "{revoked}");
            assert!(!revoked.contains(&key.secret), "{revoked}");
        }
        assert_eq!(read(&path), before);
        let absent = path.with_file_name("absent.toml");
        assert!(revoke(&absent, &key.id).is_err() && !absent.exists());
    }
}
