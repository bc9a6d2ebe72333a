//! Arguments for the angles of a challenge.

use clap::Args;
use livegate_liveness::challenge::Angles;
use livegate_server::cli::values::in_range;

/// Least angles of movements that count.
#[derive(Args)]
pub(super) struct AnglesArgs {
    /// Least yaw of a turn, degrees, 15 to 40.
    #[arg(long, default_value_t = Angles::default().yaw_deg, value_parser = |s: &str| in_range(s, Angles::YAW))]
    yaw_deg: f32,
    /// Least pitch of looking up or down, degrees, 10 to 30.
    #[arg(long, default_value_t = Angles::default().pitch_deg, value_parser = |s: &str| in_range(s, Angles::PITCH))]
    pitch_deg: f32,
    /// Eye aspect ratio below which an eye is closed, 0.12 to 0.28.
    #[arg(long, default_value_t = Angles::default().blink_ear, value_parser = |s: &str| in_range(s, Angles::BLINK))]
    blink_ear: f32,
}

impl From<AnglesArgs> for Angles {
    fn from(args: AnglesArgs) -> Self {
        Self {
            yaw_deg: args.yaw_deg,
            pitch_deg: args.pitch_deg,
            blink_ear: args.blink_ear,
        }
    }
}
