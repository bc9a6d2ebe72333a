//! A key's policy on the attempts of its subjects.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::shape::ShapeError;

/// How many sessions a key may create for one subject over a window of time, if they do not end verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptPolicy {
    /// Most attempts in the window, 1 to 1,000.
    pub most: u32,
    /// Length of the window: whole seconds, a minute to a day.
    pub per: Duration,
}

impl AttemptPolicy {
    /// Allowed numbers of attempts.
    pub const MOST: RangeInclusive<u32> = 1..=1_000;
    /// Allowed lengths of the window, seconds.
    pub const PER_SECONDS: RangeInclusive<u32> = 60..=86_400;

    /// The policy that these two fields of the key file give.
    pub(super) fn of_file(
        most: Option<u32>,
        per_seconds: Option<u32>,
    ) -> Result<Option<Self>, ShapeError> {
        let (most, seconds) = match (most, per_seconds) {
            (None, None) => return Ok(None),
            (Some(most), Some(seconds)) => (most, seconds),
            (Some(_), None) | (None, Some(_)) => return Err(ShapeError::HalfAPolicy),
        };
        super::file::check("max_attempts", most, &Self::MOST)?;
        super::file::check("attempts_per_seconds", seconds, &Self::PER_SECONDS)?;
        Ok(Some(Self {
            most,
            per: Duration::from_secs(seconds.into()),
        }))
    }

    /// The window's length, seconds.
    pub(super) fn per_seconds(&self) -> u32 {
        u32::try_from(self.per.as_secs()).unwrap_or(u32::MAX)
    }
}
