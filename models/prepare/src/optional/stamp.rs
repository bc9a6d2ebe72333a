//! Stamp of a failed download of optional models, so that a machine without network is not delayed at each
//! start.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Name of the stamp file. It holds the mirror that was configured at the failure. Its age is that of the
/// failure.
const FILE: &str = ".optional-failed";
/// Time after a failure before the network is tried again.
const PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether to try now.
///
/// A folder is always tried, since that is quick. The network is tried unless it failed less than a day
/// before `now`.
#[must_use]
pub fn is_due(dir: &Path, mirror: Option<&Path>, now: SystemTime) -> bool {
    let path = dir.join(FILE);
    let (Ok(tried), Ok(failed)) = (
        fs::read_to_string(&path),
        fs::metadata(&path).and_then(|data| data.modified()),
    ) else {
        return true;
    };
    // A failure in the future means that the clock was set back.
    let recent = now.duration_since(failed).is_ok_and(|age| age < PAUSE);
    mirror.is_some() || !tried.is_empty() || !recent
}

/// Records a failure. If the record cannot be written, the next attempt only comes sooner.
pub fn record_failure(dir: &Path, mirror: Option<&Path>) {
    let tried = mirror.map(Path::to_string_lossy).unwrap_or_default();
    let _ = fs::write(dir.join(FILE), tried.as_bytes());
}

/// Deletes the record of an earlier failure.
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
