//! A clip's frames, decoded by `ffmpeg` while they are measured.

use std::os::fd::OwnedFd;

use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr};
use tokio::sync::mpsc;

use super::container::Container;
use super::probe::{MAX_SECONDS, SLACK_SECONDS, within_limits};
use super::tools::{COMMON, DECODERS, INPUT, Tools, for_each_line, judge_end};
use super::{ClipError, Unplayable, jail};
use crate::decode::RgbFrame;

/// Decoding may take this long, seconds of processor time: ten times what a phone's clip takes.
const CPU_SECONDS: u64 = 10;

/// Takes the first frame of each fifteenth of a second, so that no frame comes twice, and tells the
/// time and size of each in the log. The quarter keeps frames of 15 or 30 a second away from where one
/// fifteenth ends: their times are rounded.
///
/// Of a clip of 25 frames a second or more no gap is longer than 80 ms. Of twelve closings of the eyes
/// in six clips, the longer ones deliberate, ten lasted 167 ms or more and two a single frame of 83 ms.
const SAMPLING: &str = "select='isnan(prev_selected_t)+gt(floor(t*15+.25),floor(prev_selected_t*15+.25))',showinfo=checksum=0";

/// Fewest sampled frames of a clip, as of a capture in images mode.
const MIN_FRAMES: usize = 8;

/// Longest time between two of them, seconds: who knows what happened meanwhile?
const MAX_GAP_SECONDS: f64 = 0.5;

/// Most pixels that may be allocated for a frame: decoders pad its sides to multiples of 64. What
/// they give is held against the exact limits.
const MAX_PADDED_PIXELS: &str = "4946176";

/// Frames of the longest clip, and a few to spare.
const MAX_FRAMES: usize = 15 * 31 + 1;

/// Bytes of the header of one picture: `P6`, width, height, `255`.
const MAX_HEADER: usize = 32;

/// How `ffmpeg` says that a Matroska file stops in the middle of something; it is no error to it.
const ENDS_EARLY: &str = "File ended prematurely";

/// Decodes a clip and sends its sampled frames, upright, in their order; gives their times, seconds,
/// those of the frames that were sent.
///
/// # Errors
/// [`Unplayable`] when it cannot be decoded to its end, else what kept us from trying. When the
/// receiver is gone it just stops.
pub async fn decode(
    tools: &Tools,
    container: Container,
    clip: OwnedFd,
    frames: mpsc::Sender<RgbFrame>,
) -> Result<Vec<f64>, ClipError> {
    let arguments = [
        "-nostdin",
        "-hide_banner",
        "-nostats",
        "-v",
        "info",
        "-xerror",
    ]
    .into_iter()
    .chain(["-progress", "pipe:2", "-filter_threads", "1"])
    .chain(["-f", container.demuxer(), "-max_pixels", MAX_PADDED_PIXELS])
    .chain(COMMON)
    .chain(["-codec_whitelist", DECODERS])
    // One second more than may be: what is longer shows.
    .chain(["-t", "31", "-i", INPUT])
    .chain(["-map", "0:V:0", "-an", "-sn", "-dn", "-vf", SAMPLING])
    .chain(["-fps_mode", "passthrough", "-pix_fmt", "rgb24"])
    .chain(["-c:v", "ppm", "-f", "image2pipe", "pipe:1"]);
    let mut child = jail::spawn(&tools.ffmpeg, arguments, clip, CPU_SECONDS)
        .await
        .map_err(|e| ClipError::failed("ffmpeg cannot be started", &e))?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(ClipError::Failed("ffmpeg has no pipes".to_owned()));
    };
    // Fewer and larger reads; without it they are only smaller.
    let _ = rustix::pipe::fcntl_setpipe_size(&out, 1 << 20);
    let (sent, log) = tokio::join!(send_all(BufReader::new(out), frames), read_log(err));
    match sent? {
        Sent::All(frames) => ended(child, frames, &log).await?,
        // Nobody wants the rest.
        Sent::Some => {}
    }
    Ok(log.sampled)
}

enum Sent {
    All(usize),
    Some,
}

async fn send_all(
    mut out: impl AsyncRead + Unpin,
    frames: mpsc::Sender<RgbFrame>,
) -> Result<Sent, ClipError> {
    let mut sent = 0;
    while let Some(frame) = next_frame(&mut out).await? {
        if sent == MAX_FRAMES {
            // The clock of its frames runs slowly, or backwards.
            return Err(Unplayable::Damaged.into());
        }
        if frames.send(frame).await.is_err() {
            return Ok(Sent::Some);
        }
        sent += 1;
    }
    Ok(Sent::All(sent))
}

/// The next picture, in the PPM format (`man 5 ppm`); `None` at the end.
///
/// # Errors
/// [`Unplayable::Size`], or that what comes is no picture.
pub async fn next_frame(out: &mut (impl AsyncRead + Unpin)) -> Result<Option<RgbFrame>, ClipError> {
    let lost = |e| ClipError::failed("ffmpeg's pictures cannot be read", &e);
    let mut header = Vec::with_capacity(MAX_HEADER);
    while header.iter().filter(|b| **b == b'\n').count() < 3 {
        let mut byte = [0];
        if out.read(&mut byte).await.map_err(lost)? == 0 {
            // In the middle of a header: killed, which its end will show.
            return Ok(None);
        }
        if header.len() == MAX_HEADER {
            return Err(ClipError::Failed("ffmpeg sends no pictures".to_owned()));
        }
        header.push(byte[0]);
    }
    let header = String::from_utf8_lossy(&header);
    let mut words = header.split_ascii_whitespace();
    let (magic, width, height) = (words.next(), words.next(), words.next());
    let number = |word: Option<&str>| word.and_then(|w| w.parse::<u32>().ok());
    let (Some("P6"), Some(width), Some(height)) = (magic, number(width), number(height)) else {
        return Err(ClipError::Failed("ffmpeg sends no pictures".to_owned()));
    };
    within_limits(width, height)?;
    let mut pixels = vec![0; width as usize * height as usize * 3];
    match out.read_exact(&mut pixels).await {
        Ok(_) => Ok(Some(RgbFrame {
            width,
            height,
            pixels,
        })),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(lost(e)),
    }
}

/// What of its messages counts.
#[derive(Debug, Default, PartialEq)]
pub struct Log {
    ends_early: bool,
    /// Time of the last frame, of all of the clip's.
    seconds: Option<f64>,
    /// Times of the sampled frames.
    sampled: Vec<f64>,
    widest_gap: f64,
    size: Option<String>,
    size_changes: bool,
}

impl Log {
    /// Takes note of one line.
    pub fn read(&mut self, line: &str) {
        self.ends_early |= line.contains(ENDS_EARLY);
        if let Some(us) = line.strip_prefix("out_time_us=") {
            let us = us.trim().parse::<f64>().ok();
            self.seconds = us.map(|us| us / 1e6).or(self.seconds);
        }
        // As the filter `showinfo` writes it: `n: 1 pts: 512 pts_time:0.04 … s:480x360 …`.
        let word = |name: &str| {
            line.split_ascii_whitespace()
                .find_map(|w| w.strip_prefix(name))
        };
        if let (true, Some(time), Some(size)) = (
            line.starts_with("[Parsed_showinfo"),
            word("pts_time:"),
            word("s:"),
        ) {
            let time = time.parse::<f64>().unwrap_or(f64::NAN);
            if let Some(before) = self.sampled.last().copied() {
                // Backwards is as bad as far ahead.
                let gap = if time > before {
                    time - before
                } else {
                    f64::INFINITY
                };
                self.widest_gap = self.widest_gap.max(gap);
            }
            self.sampled.push(time);
            self.size_changes |= self.size.as_ref().is_some_and(|s| s != size);
            self.size = Some(size.to_owned());
        }
    }
}

/// Reads the messages to their end, so that the writer never waits. They are not logged: they can
/// hold words of the file.
async fn read_log(err: ChildStderr) -> Log {
    let mut log = Log::default();
    for_each_line(err, |line| log.read(line)).await;
    log
}

async fn ended(mut child: Child, frames: usize, log: &Log) -> Result<(), ClipError> {
    let status = child
        .wait()
        .await
        .map_err(|e| ClipError::failed("ffmpeg's end cannot be seen", &e))?;
    judge_end("ffmpeg", status)?;
    if log.ends_early {
        return Err(Unplayable::Damaged.into());
    }
    if log.seconds.is_some_and(|s| s > MAX_SECONDS + SLACK_SECONDS) {
        return Err(Unplayable::TooLong.into());
    }
    if log.size_changes {
        return Err(Unplayable::SizeChanges.into());
    }
    if frames < MIN_FRAMES {
        return Err(Unplayable::TooFewFrames(frames).into());
    }
    if log.widest_gap > MAX_GAP_SECONDS {
        return Err(Unplayable::Gap.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pictures_are_read_one_after_another_until_they_end() {
        let picture = |byte: u8| {
            let mut ppm = b"P6\n120 130\n255\n".to_vec();
            ppm.resize(ppm.len() + 120 * 130 * 3, byte);
            ppm
        };
        let stream = [picture(1), picture(2), picture(3)[..500].to_vec()].concat();
        let mut stream = stream.as_slice();
        for byte in [1, 2] {
            let frame = next_frame(&mut stream).await.ok().unwrap().unwrap();
            assert_eq!((frame.width, frame.height), (120, 130));
            assert!(frame.pixels.iter().all(|p| *p == byte));
        }
        assert!(next_frame(&mut stream).await.ok().unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_no_picture_of_an_allowed_size_is_refused() {
        for stream in [
            &b"P6\n60000 60000\n255\n"[..],
            b"P5\n200 200\n255\n",
            b"P6\n-1 200\n255\n",
            &[b'1'; 100],
        ] {
            let mut rest = stream;
            assert!(next_frame(&mut rest).await.is_err(), "{stream:?}");
        }
    }

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
        assert_eq!(log.seconds, Some(11.638_796));
        assert!(!log.ends_early);
        log.read("[matroska,webm @ 0x55] File ended prematurely\n");
        assert!(log.ends_early);
    }

    #[test]
    fn the_log_tells_gaps_and_changes_of_size() {
        let read = |frames: &[(&str, &str)]| {
            let mut log = Log::default();
            for (n, (time, size)) in frames.iter().enumerate() {
                log.read(&format!(
                    "[Parsed_showinfo_1 @ 0x55] n:{n:4} pts:  512 pts_time:{time:<7} pos: 3 fmt:yuv420p sar:0/1 s:{size} i:P\n"
                ));
            }
            (log.widest_gap, log.size_changes)
        };
        let hd = "1280x720";
        assert_eq!(read(&[("0", hd), ("0.5", hd), ("0.75", hd)]), (0.5, false));
        assert_eq!(read(&[("0", hd), ("0.5", "720x1280")]), (0.5, true));
        assert_eq!(read(&[("0.5", hd), ("0.25", hd)]), (f64::INFINITY, false));
        assert_eq!(read(&[("0.5", hd), ("NOPTS", hd)]), (f64::INFINITY, false));
    }
}
