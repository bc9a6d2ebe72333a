//! Remembers that the optional models could not be obtained, so that a machine without network is not delayed at each
//! start.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Holds the mirror that was configured at the failure; its age is the failure's.
const FILE: &str = ".optional-failed";
/// How long a failure keeps from the next try.
const PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether to try now: a folder is tried always, since that is quick, and the network unless it failed less than a
/// day before `now`.
#[must_use]
pub fn is_due(dir: &Path, mirror: Option<&Path>, now: SystemTime) -> bool {
    let path = dir.join(FILE);
    let (Ok(tried), Ok(failed)) = (
        fs::read_to_string(&path),
        fs::metadata(&path).and_then(|data| data.modified()),
    ) else {
        return true;
    };
    // A failure that lies ahead is the doing of a clock that was set back.
    let recent = now.duration_since(failed).is_ok_and(|age| age < PAUSE);
    mirror.is_some() || !tried.is_empty() || !recent
}

/// Notes a failure. That the note cannot be written only means another try sooner.
pub fn record_failure(dir: &Path, mirror: Option<&Path>) {
    let tried = mirror.map(Path::to_string_lossy).unwrap_or_default();
    let _ = fs::write(dir.join(FILE), tried.as_bytes());
}

/// Forgets an earlier failure.
pub fn record_success(dir: &Path) {
    let _ = fs::remove_file(dir.join(FILE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_from_the_network_for_a_day_and_never_from_a_mirror() {
        let dir = tempfile::tempdir().unwrap();
        let (dir, mirror) = (dir.path(), Path::new("/mirror"));
        let now = SystemTime::now();
        let later = |hours: u64| now + Duration::from_secs(3600 * hours);
        assert!(is_due(dir, None, now));
        record_failure(dir, None);
        assert!(!is_due(dir, None, later(1)) && !is_due(dir, None, later(23)));
        assert!(is_due(dir, None, later(25)));
        assert!(is_due(dir, Some(mirror), later(1)));
        record_success(dir);
        assert!(is_due(dir, None, later(1)));
    }

    #[test]
    fn a_mirror_that_is_no_longer_set_does_not_keep_from_the_network() {
        let dir = tempfile::tempdir().unwrap();
        record_failure(dir.path(), Some(Path::new("/mirror")));
        assert!(is_due(dir.path(), None, SystemTime::now()));
    }
}
