//! A progress bar for commands.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows the progress of a check or an evaluation.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar for `number` frames or captures. It is shown only if `visible`.
    pub fn new(number: usize, visible: bool) -> Self {
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(u64::try_from(number).ok(), target);
        let style = ProgressStyle::with_template(
            "Measuring {bar:30} {pos}/{len}, {elapsed} gone, {eta} left",
        );
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// Counts one more as measured.
    pub fn advance(&self) {
        self.0.inc(1);
    }

    /// Whether the bar is shown.
    pub fn is_visible(&self) -> bool {
        !self.0.is_hidden()
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
