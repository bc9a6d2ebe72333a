//! Parser of the messages that `ffmpeg` writes while it decodes a clip.

use super::colour::{Colours, Transfer};

/// `ffmpeg`'s message for a truncated Matroska file. It does not count as an error there.
const ENDS_EARLY: &str = "File ended prematurely";

/// Time and size of a sampled frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stamp {
    /// Time in the clip, seconds; NaN where `ffmpeg` does not know it.
    pub seconds: f64,
    /// Width, pixels; 0 where unknown.
    pub width: u32,
    /// Height, pixels; 0 where unknown.
    pub height: u32,
}

/// What has been learned from the messages so far.
#[derive(Debug, Default, PartialEq)]
pub struct Log {
    ends_early: bool,
    seconds: Option<f64>,
    size: Option<(u32, u32)>,
    size_changes: bool,
    is_pq: bool,
    is_hlg: bool,
    is_standard: bool,
}

impl Log {
    /// Reads one line. Returns the time and size of a sampled frame if the line tells them.
    pub fn read(&mut self, line: &str) -> Option<Stamp> {
        self.ends_early |= line.contains(ENDS_EARLY);
        if let Some(us) = line.strip_prefix("out_time_us=") {
            let us = us.trim().parse::<f64>().ok();
            self.seconds = us.map(|us| us / 1e6).or(self.seconds);
        }
        // The filter `showinfo` writes, for each frame:
        // `n: 1 pts: 512 pts_time:0.04 … s:480x360 …`, and `color_range:tv … color_trc:smpte2084`.
        if !line.starts_with("[Parsed_showinfo") {
            return None;
        }
        let word = |name: &str| {
            line.split_ascii_whitespace()
                .find_map(|w| w.strip_prefix(name))
        };
        match word("color_trc:") {
            Some("smpte2084") => self.is_pq = true,
            Some("arib-std-b67") => self.is_hlg = true,
            // Then the container's value applies.
            Some("unknown" | "reserved") | None => {}
            Some(_) => self.is_standard = true,
        }
        let (time, size) = (word("pts_time:")?, word("s:")?);
        let sides = size.split_once('x');
        let side = |text: &str| text.parse::<u32>().ok();
        let size = sides.and_then(|(w, h)| Some((side(w)?, side(h)?)));
        let size = size.unwrap_or_default();
        self.size_changes |= self.size.is_some_and(|s| s != size);
        self.size = Some(size);
        Some(Stamp {
            seconds: time.parse().unwrap_or(f64::NAN),
            width: size.0,
            height: size.1,
        })
    }

    /// Whether the file is truncated.
    pub fn ends_early(&self) -> bool {
        self.ends_early
    }

    /// Time of the clip's last frame, sampled or not, seconds; `None` while unknown.
    pub fn seconds(&self) -> Option<f64> {
        self.seconds
    }

    /// Whether frames differ in size.
    pub fn size_changes(&self) -> bool {
        self.size_changes
    }

    /// Whether a frame had another dynamic range than the one that was probed.
    pub fn colours_change(&self, foreseen: Option<Colours>) -> bool {
        match foreseen.map(|c| c.transfer) {
            Some(Transfer::Pq) => self.is_hlg || self.is_standard,
            Some(Transfer::Hlg) => self.is_pq || self.is_standard,
            Some(Transfer::Standard) | None => self.is_pq || self.is_hlg,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_how_long_it_was_and_whether_all_of_it_was_there() {
        let mut log = Log::default();
        for line in [
            "out_time_us=N/A\n",
            "out_time_us=480000\n",
            "speed=1x\n",
            "out_time_us=11638796\n",
        ] {
            log.read(line);
        }
        assert_eq!(log.seconds(), Some(11.638_796));
        assert!(!log.ends_early());
        log.read("[matroska,webm @ 0x55] File ended prematurely\n");
        assert!(log.ends_early());
    }

    #[test]
    fn the_log_tells_times_sizes_and_changes_of_size() {
        let mut log = Log::default();
        let mut read = |time: &str, size: &str| {
            let line = format!(
                "[Parsed_showinfo_1 @ 0x55] n:   7 pts:  512 pts_time:{time:<7} pos: 3 fmt:yuv420p sar:0/1 s:{size} i:P\n"
            );
            let stamp = log.read(&line).unwrap();
            (stamp.seconds, stamp.width, stamp.height, log.size_changes())
        };
        assert_eq!(read("0", "1280x720"), (0.0, 1280, 720, false));
        assert_eq!(read("0.5", "1280x720"), (0.5, 1280, 720, false));
        let (seconds, width, height, changes) = read("NOPTS", "x720");
        assert!(seconds.is_nan() && (width, height) == (0, 0) && changes);
    }

    #[test]
    fn the_log_tells_when_the_range_is_not_the_one_foreseen() {
        let frame = |trc: &str| {
            let mut log = Log::default();
            let line = format!(
                "[Parsed_showinfo_1 @ 0x55] color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:{trc}\n"
            );
            assert_eq!(log.read(&line), None);
            log
        };
        let hdr = |trc| Colours::of(trc, "bt2020", "bt2020nc", "tv");
        for (trc, foreseen, changes) in [
            ("smpte2084", hdr("smpte2084"), false),
            ("smpte2084", hdr("arib-std-b67"), true),
            ("smpte2084", None, true),
            ("bt709", None, false),
            ("unknown", hdr("smpte2084"), false),
            ("bt2020-10", hdr("bt2020-10"), false),
            ("bt709", hdr("arib-std-b67"), true),
        ] {
            assert_eq!(frame(trc).colours_change(foreseen), changes, "{trc}");
        }
    }
}
