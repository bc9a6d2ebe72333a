//! A clip's frames, decoded by `ffmpeg` while they are measured.

use std::os::fd::OwnedFd;

use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::process::ChildStderr;
use tokio::sync::mpsc;

use super::colour::YuvFrame;
use super::course::{Course, Place};
use super::log::{Log, Stamp};
use super::probe::{MAX_SECONDS, Probed, SLACK_SECONDS, within_limits};
use super::tools::{COMMON, DECODERS, INPUT, Tools, for_each_line, judge_end};
use super::{ClipError, Unplayable};
use livegate_jail::Confined;
use livegate_media::{Container, RgbFrame};

/// Limit of decoding, seconds of processor time: ten times what a phone's clip takes.
const CPU_SECONDS: u64 = 10;

/// The sampling filter: the first frame of each fifteenth of a second.
///
/// No frame comes twice, and the log tells the time and size of each. The offset of a quarter keeps the
/// frames of clips with 15 or 30 frames a second away from the ends of a fifteenth: their times are
/// rounded.
///
/// In a clip of 25 frames a second or more no gap is longer than 80 ms. Of twelve closings of the eyes
/// in six clips, the longer ones deliberate, ten lasted 167 ms or more and two a single frame of 83 ms.
const SAMPLING: &str = "select='isnan(prev_selected_t)+gt(floor(t*15+.25),floor(prev_selected_t*15+.25))',showinfo=checksum=0";

/// Most frames sampled a second, by the filter in `SAMPLING`.
pub const RATE: f64 = 15.0;

/// Fewest sampled frames of a clip, the same as in images mode.
const MIN_FRAMES: usize = 8;

/// Most pixels that may be allocated for a frame. Decoders pad its sides to multiples of 64; the decoded
/// size is then checked against the exact limits.
const MAX_PADDED_PIXELS: &str = "4946176";

/// Most frames of a clip: the longest clip, and a few to spare.
const MAX_FRAMES: usize = 15 * 31 + 1;

/// Longest header of one PPM picture, bytes: `P6`, width, height, `255`.
const MAX_HEADER: usize = 32;

/// A sampled frame, upright.
#[derive(Debug)]
pub struct Sampled {
    /// Time in the clip, seconds from its beginning.
    pub seconds: f64,
    /// Whether the frames before this one are left out, because the recorder was not yet running.
    pub starts_over: bool,
    /// The pixels.
    pub picture: Picture,
}

/// The pixels of a frame.
#[derive(Debug)]
pub enum Picture {
    /// In standard range.
    Rgb(RgbFrame),
    /// In HDR or BT.2020, not yet converted.
    Yuv(YuvFrame),
}

/// Format in which `ffmpeg` writes pictures to its pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// PPM, eight bits.
    Ppm,
    /// Raw samples, ten bits. Their size is in the log only.
    Yuv,
}

impl Form {
    fn arguments(self) -> [&'static str; 6] {
        match self {
            Self::Ppm => ["-pix_fmt", "rgb24", "-c:v", "ppm", "-f", "image2pipe"],
            Self::Yuv => [
                "-pix_fmt",
                "yuv420p10le",
                "-c:v",
                "rawvideo",
                "-f",
                "rawvideo",
            ],
        }
    }
}

/// Decodes a clip and sends its sampled frames, in order.
///
/// Stops early, without an error, when the receiver is gone.
///
/// # Errors
/// [`Unplayable`] when the clip cannot be decoded to its end; [`ClipError::Failed`] when decoding could
/// not be tried.
pub async fn decode(
    tools: &Tools,
    container: Container,
    probed: &Probed,
    clip: OwnedFd,
    frames: mpsc::Sender<Sampled>,
) -> Result<(), ClipError> {
    let form = probed.colours.map_or(Form::Ppm, |_| Form::Yuv);
    let filters = match probed.guessed_matrix {
        Some(matrix) => format!("{SAMPLING},scale=in_color_matrix={matrix}"),
        None => SAMPLING.to_owned(),
    };
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
    // One second more than allowed, so that an overlong clip can be recognised.
    .chain(["-t", "31", "-i", INPUT])
    .chain(["-map", "0:V:0", "-an", "-sn", "-dn", "-vf", &filters])
    .chain(["-fps_mode", "passthrough"])
    .chain(form.arguments())
    .chain(["pipe:1"]);
    let spawned = tools
        .jail
        .spawn(&tools.ffmpeg, arguments, clip, CPU_SECONDS);
    let mut child = spawned
        .await
        .map_err(|e| ClipError::failed("ffmpeg cannot be started", &e))?;
    let Some((out, err)) = child.take_pipes() else {
        return Err(ClipError::Failed("ffmpeg has no pipes".to_owned()));
    };
    // A larger pipe means fewer reads. When this fails, reads are only smaller.
    let _ = rustix::pipe::fcntl_setpipe_size(&out, 1 << 20);
    // Room for every frame that a clip may have: the log is read to its end even if no picture is.
    let (stamp, stamps) = mpsc::channel(MAX_FRAMES + 1);
    let (sent, log) = tokio::join!(
        send_all(BufReader::new(out), form, stamps, frames),
        read_log(err, stamp)
    );
    match sent? {
        Sent::All(course) => ended(child, &course, &log, probed, container).await,
        // The receiver is gone and needs no more frames.
        Sent::Some => Ok(()),
    }
}

enum Sent {
    All(Course),
    Some,
}

/// Pairs each picture with its line in the log, which `ffmpeg` writes first.
async fn send_all(
    mut out: impl AsyncRead + Unpin,
    form: Form,
    mut stamps: mpsc::Receiver<Stamp>,
    frames: mpsc::Sender<Sampled>,
) -> Result<Sent, ClipError> {
    let (mut course, mut sent) = (Course::default(), 0);
    let untold = || ClipError::Failed("ffmpeg told of other frames than it sent".to_owned());
    loop {
        let (stamp, picture) = match form {
            Form::Ppm => {
                let Some(picture) = next_frame(&mut out).await? else {
                    return Ok(Sent::All(course));
                };
                let stamp = stamps.recv().await.ok_or_else(untold)?;
                (stamp, Picture::Rgb(picture))
            }
            Form::Yuv => {
                let Some(stamp) = stamps.recv().await else {
                    return Ok(Sent::All(course));
                };
                match next_yuv(&mut out, stamp.width, stamp.height).await? {
                    Some(picture) => (stamp, Picture::Yuv(picture)),
                    // `ffmpeg` was killed; its exit status tells why.
                    None => return Ok(Sent::All(course)),
                }
            }
        };
        if sent == MAX_FRAMES {
            // The times of the frames run slowly or backwards.
            return Err(Unplayable::Damaged.into());
        }
        let sampled = Sampled {
            seconds: stamp.seconds,
            starts_over: course.add(stamp.seconds) == Place::Beginning,
            picture,
        };
        if frames.send(sampled).await.is_err() {
            return Ok(Sent::Some);
        }
        sent += 1;
    }
}

/// The next frame of raw samples; `None` at the end of the stream, also in the middle of a frame.
///
/// # Errors
/// [`Unplayable::Size`] for a size outside the limits.
pub async fn next_yuv(
    out: &mut (impl AsyncRead + Unpin),
    width: u32,
    height: u32,
) -> Result<Option<YuvFrame>, ClipError> {
    within_limits(width, height)?;
    let mut samples = vec![0; YuvFrame::bytes(width, height)];
    Ok(out.read_exact(&mut samples).await.ok().map(|_| YuvFrame {
        width,
        height,
        samples,
    }))
}

/// The next picture, in the PPM format (`man 5 ppm`); `None` at the end of the stream.
///
/// # Errors
/// [`Unplayable::Size`] for a size outside the limits; [`ClipError::Failed`] when the stream is not PPM.
pub async fn next_frame(out: &mut (impl AsyncRead + Unpin)) -> Result<Option<RgbFrame>, ClipError> {
    let lost = |e| ClipError::failed("ffmpeg's pictures cannot be read", &e);
    let mut header = Vec::with_capacity(MAX_HEADER);
    while header.iter().filter(|b| **b == b'\n').count() < 3 {
        let mut byte = [0];
        if out.read(&mut byte).await.map_err(lost)? == 0 {
            // The stream ends inside a header: `ffmpeg` was killed, and its exit status tells why.
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

/// Reads the messages to their end, so that the writer never blocks. They are not logged: they can
/// contain text from the file.
async fn read_log(err: ChildStderr, stamps: mpsc::Sender<Stamp>) -> Log {
    let mut log = Log::default();
    for_each_line(err, |line| {
        if let Some(stamp) = log.read(line) {
            // The channel is full only when there are too many frames.
            let _ = stamps.try_send(stamp);
        }
    })
    .await;
    log
}

async fn ended(
    mut child: Confined,
    course: &Course,
    log: &Log,
    probed: &Probed,
    container: Container,
) -> Result<(), ClipError> {
    let status = child
        .wait()
        .await
        .map_err(|e| ClipError::failed("ffmpeg's end cannot be seen", &e))?;
    // A damaged packet of an mp4 may fail to be recognised as a key frame. WebM marks key frames outside
    // the packet.
    let is_told = status.success() || container == Container::WebM && status.code().is_some();
    if is_told && !probed.starts_with_key && course.kept() < MIN_FRAMES {
        return Err(Unplayable::NoKeyFrame.into());
    }
    judge_end("ffmpeg", status)?;
    if log.ends_early() {
        return Err(Unplayable::Damaged.into());
    }
    if log
        .seconds()
        .is_some_and(|s| s > MAX_SECONDS + SLACK_SECONDS)
    {
        return Err(Unplayable::TooLong.into());
    }
    if log.size_changes() {
        return Err(Unplayable::SizeChanges.into());
    }
    if log.colours_change(probed.colours) {
        return Err(Unplayable::ColoursChange.into());
    }
    if course.has_gap() {
        return Err(Unplayable::Gap.into());
    }
    if course.kept() < MIN_FRAMES {
        return Err(Unplayable::TooFewFrames(course.kept()).into());
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
}
