//! Whether a JPEG was decoded completely.
//!
//! Cameras write files that libjpeg warns about and every program displays. So a warning alone does not
//! count. What counts is the decoded picture: all rows are there, and none of their blocks was filled
//! in.

use crate::libjpeg::Report;
use crate::warning::{Decision, Warning};

/// Number of stray bytes that is always accepted. Logitech's webcams write up to nine at one place.
const FEW_STRAY_BYTES: usize = 64;
/// Stray bytes accepted for each restart marker: libjpeg adds up those that its 64-bit buffer held.
const STRAY_BYTES_A_RESTART: usize = 8;
/// One in this many bytes of the file may be stray at one place.
const STRAY_ONE_IN: usize = 8;

/// Why a decoded picture is incomplete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// libjpeg stopped with this error.
    #[error("{0}")]
    GaveUp(String),
    /// Rows are missing.
    #[error("{rows} of {height} rows are there")]
    Rows {
        /// Rows that were decoded.
        rows: u32,
        /// Rows that the header announces.
        height: u32,
    },
    /// Blocks were filled in, because data was missing.
    #[error("its data ends early, or has a hole")]
    DataEnds,
    /// The data holds invalid codes.
    #[error("its data holds codes that mean nothing")]
    Codes,
    /// That many bytes of data belong to no block.
    #[error("{0} bytes of its data belong to no part of the picture")]
    LeftOver(u32),
    /// Scans are missing.
    #[error("some of its scans are missing")]
    Scans,
    /// libjpeg gave a warning that is unknown here.
    #[error("the decoder warned of something unknown")]
    Unknown,
}

/// Finds the damage of a decoded picture; `None` when it is complete. `file_bytes` is the length of the
/// file.
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

/// The damage that a warning shows; `None` when the warning alone shows none.
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
        // An arithmetic decoder continues with zeros, without another warning.
        Warning::FileEnds => (report.arithmetic != 0).then_some(Damage::DataEnds),
        Warning::AdobeTransform
        | Warning::ColourProfile
        | Warning::Progression
        | Warning::JfifVersion
        | Warning::RestartOrder
        | Warning::ScanParameters => None,
    }
}

/// Whether channels or coefficients have no data.
///
/// A progressive picture may leave out the last bits of some coefficients deliberately. That is not
/// accepted when its scans are otherwise suspicious.
fn lacks_scans(report: &Report, is_doubtful: bool) -> bool {
    report.channels_with_data < report.channels
        || report.coefficients_absent > 0
        || (is_doubtful && report.coefficients_coarse > 0)
}

#[cfg(test)]
mod tests;
