//! A bar that shows how far a command is.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Says how far a check, or an evaluation, is.
pub struct Progress(ProgressBar);

impl Progress {
    /// For so many frames or captures; nothing is shown unless `visible`.
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

    /// One more is measured.
    pub fn advance(&self) {
        self.0.inc(1);
    }

    /// Whether anybody sees it.
    pub fn is_visible(&self) -> bool {
        !self.0.is_hidden()
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
