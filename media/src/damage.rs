//! Whether a JPEG that libjpeg decoded is all there.
//!
//! Cameras write files that libjpeg warns about and every program displays. What counts is what was
//! decoded: whether all rows are there and none of their blocks was filled in.

use crate::libjpeg::Report;
use crate::warning::{Decision, Warning};

/// Stray bytes that are never too many: Logitech's webcams were seen to write up to nine at a place.
const FEW_STRAY_BYTES: usize = 64;
/// How many may be counted for each restart marker: libjpeg adds up those that its 64-bit buffer held.
const STRAY_BYTES_A_RESTART: usize = 8;
/// One byte in this many of the file may be stray at one place.
const STRAY_ONE_IN: usize = 8;

/// What a picture lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// libjpeg gave up.
    #[error("{0}")]
    GaveUp(String),
    /// Rows are missing.
    #[error("{rows} of {height} rows are there")]
    Rows {
        /// Rows that are there.
        rows: u32,
        /// Rows that there should be.
        height: u32,
    },
    /// Blocks were filled in.
    #[error("its data ends early, or has a hole")]
    DataEnds,
    /// Codes that mean nothing.
    #[error("its data holds codes that mean nothing")]
    Codes,
    /// Data that no block took.
    #[error("{0} bytes of its data belong to no part of the picture")]
    LeftOver(u32),
    /// Scans are missing.
    #[error("some of its scans are missing")]
    Scans,
    /// libjpeg warned of something that is not known here.
    #[error("the decoder warned of something unknown")]
    Unknown,
}

/// What a picture of `file_bytes` lacks; `None` where it is all there.
pub fn damage(report: &Report, file_bytes: usize) -> Option<Damage> {
    let message = report.message();
    if !message.is_empty() {
        return Some(Damage::GaveUp(message));
    }
    if report.rows < report.height {
        return Some(Damage::Rows {
            rows: report.rows,
            height: report.height,
        });
    }
    let came = |w: Warning| report.warned.get(w as usize).is_some_and(|n| *n > 0);
    Warning::ALL
        .into_iter()
        .filter(|w| w.decision() != Decision::Harmless && came(*w))
        .find_map(|w| following(w, report, file_bytes))
        .or_else(|| {
            let is_doubtful = [
                Warning::FileEnds,
                Warning::StrayBytes,
                Warning::Progression,
                Warning::RestartOrder,
            ];
            lacks_scans(report, is_doubtful.into_iter().any(came)).then_some(Damage::Scans)
        })
}

/// The damage that a warning tells of, where it does.
fn following(warning: Warning, report: &Report, file_bytes: usize) -> Option<Damage> {
    match warning {
        Warning::DataEnds => Some(Damage::DataEnds),
        Warning::HuffmanCode | Warning::ArithmeticCode => Some(Damage::Codes),
        Warning::MoreRows | Warning::Unknown => Some(Damage::Unknown),
        Warning::StrayBytes => {
            let restarts = usize::try_from(report.restarts).unwrap_or(usize::MAX);
            let few = FEW_STRAY_BYTES
                .saturating_add(restarts.saturating_mul(STRAY_BYTES_A_RESTART))
                .max(file_bytes / STRAY_ONE_IN);
            let stray = usize::try_from(report.stray_bytes).unwrap_or(usize::MAX);
            (stray > few).then_some(Damage::LeftOver(report.stray_bytes))
        }
        // An arithmetic decoder goes on with zeros, and says nothing.
        Warning::FileEnds => (report.arithmetic != 0).then_some(Damage::DataEnds),
        Warning::AdobeTransform
        | Warning::ColourProfile
        | Warning::Progression
        | Warning::JfifVersion
        | Warning::RestartOrder
        | Warning::ScanParameters => None,
    }
}

/// Whether channels or coefficients have no data. A progressive picture may have left out the last bits of
/// some by choice, but not where anything about its scans is odd.
fn lacks_scans(report: &Report, is_doubtful: bool) -> bool {
    report.channels_with_data < report.channels
        || report.coefficients_absent > 0
        || (is_doubtful && report.coefficients_coarse > 0)
}

#[cfg(test)]
mod tests;
