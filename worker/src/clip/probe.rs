//! Properties of a clip that `ffprobe` reports, checked before the clip is decoded. A refusal takes a
//! tenth of a second.

use std::os::fd::OwnedFd;

use livegate_media::Container;
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdout};

use super::colour::Colours;
use super::tools::{COMMON, DECODERS, INPUT, Tools, for_each_line, judge_end};
use super::{ClipError, Unplayable};

/// Longest clip, seconds.
pub const MAX_SECONDS: f64 = 30.0;

/// Tolerance of that limit, seconds: a camera told to stop after 30 s stops a frame or two later.
pub const SLACK_SECONDS: f64 = 0.25;

/// Most pixels of a frame: 1920x1440.
pub const MAX_PIXELS: u32 = 1920 * 1440;

/// Longest side of a frame, pixels.
pub const MAX_SIDE: u32 = 2160;

/// Shortest side of a frame, pixels.
pub const MIN_SIDE: u32 = 120;

/// Supported codecs, by `ffprobe`'s names.
const CODECS: [&str; 6] = ["h264", "hevc", "mpeg4", "vp8", "vp9", "av1"];

/// What `ffprobe` reads: the stream, its first packet, and the packets from the last key frame before
/// the limit to a little after it. The length that the container states is ignored: it may be anything.
const ASKED: [&str; 4] = [
    "-show_entries",
    "stream=codec_name,width,height,avg_frame_rate,color_range,color_space,color_transfer,color_primaries:format=start_time:packet=pts_time,flags",
    "-read_intervals",
    "%+#1,30%35",
];

/// Longest side of a clip in standard definition, pixels.
const STANDARD_DEFINITION: u32 = 1024;

/// Properties of an accepted clip, as its file states them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probed {
    /// Length, seconds; 0 where unknown.
    pub seconds: f64,
    /// Frames a second; `None` where unknown.
    pub rate: Option<f64>,
    /// Whether the first packet is a key frame, so that decoding can start there.
    pub starts_with_key: bool,
    /// The colours, where they have to be converted; `None` for standard range.
    pub colours: Option<Colours>,
    /// The matrix to use for a clip that names none, where the decoder's default differs from that of
    /// players: BT.601 in standard definition, BT.709 in high definition.
    pub guessed_matrix: Option<&'static str>,
}

/// Longest report, bytes. The report of 35 s at 60 frames a second is a tenth of it.
const MAX_REPORT: u64 = 1 << 20;

/// Limit of probing, seconds of processor time. No camera's clip takes a twentieth of it.
const CPU_SECONDS: u64 = 2;

/// Probes a clip and checks it against the limits.
///
/// # Errors
/// [`Unplayable`] when the clip breaks a limit; [`ClipError::Failed`] when it could not be probed.
pub async fn probe(
    tools: &Tools,
    container: Container,
    clip: OwnedFd,
) -> Result<Probed, ClipError> {
    // Attached pictures are streams, too.
    let decoders = format!("{DECODERS},mjpeg,png");
    let arguments = ["-v", "error", "-f", container.demuxer()]
        .into_iter()
        .chain(COMMON)
        // `ffprobe` opens a decoder for each stream, also for the sound. It fails when that is not
        // allowed.
        .chain(["-codec_whitelist:v", &decoders])
        .chain(["-select_streams", "V:0", "-of", "json=compact=1"])
        .chain(ASKED)
        .chain(["-i", INPUT]);
    let spawned = tools
        .jail
        .spawn(&tools.ffprobe, arguments, clip, CPU_SECONDS);
    let mut child = spawned
        .await
        .map_err(|e| ClipError::failed("ffprobe cannot be started", &e))?;
    let Some((out, err)) = child.take_pipes() else {
        return Err(ClipError::Failed("ffprobe has no pipes".to_owned()));
    };
    let looking = async {
        let (report, refused) = tokio::join!(read_report(out), refused_codec(err));
        Ok::<_, std::io::Error>((report?, refused, child.wait().await?))
    };
    let (report, refused, status) = looking
        .await
        .map_err(|e| ClipError::failed("ffprobe's report cannot be read", &e))?;
    if let Some(codec) = refused {
        return Err(Unplayable::Codec(codec).into());
    }
    judge_end("ffprobe", status)?;
    let report: Report = serde_json::from_slice(&report).map_err(|_| Unplayable::Damaged)?;
    Ok(report.judge()?)
}

/// Reads the report up to its limit, then closes the pipe: writing more fails.
async fn read_report(out: ChildStdout) -> std::io::Result<Vec<u8>> {
    let mut report = Vec::new();
    out.take(MAX_REPORT).read_to_end(&mut report).await?;
    Ok(report)
}

/// The codec of the video, if the messages report that it is not allowed.
///
/// The messages are read to their end, so that the writer never blocks. They are not logged: they can
/// contain text from the file.
async fn refused_codec(err: ChildStderr) -> Option<String> {
    let mut refused = None;
    for_each_line(err, |line| {
        if let Some((before, _)) = line.split_once(") not on whitelist") {
            refused = before.rsplit_once("Codec (").map(|(_, name)| plain(name));
        }
    })
    .await;
    refused
}

/// A codec's name reduced to at most 32 printable ASCII characters.
fn plain(name: &str) -> String {
    let graphic = name.chars().filter(char::is_ascii_graphic);
    graphic.take(32).collect()
}

/// The part of `ffprobe`'s report that is read.
#[derive(Deserialize)]
pub struct Report {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    packets: Vec<Packet>,
    #[serde(default)]
    format: Format,
}

#[derive(Deserialize)]
struct Stream {
    #[serde(default)]
    codec_name: String,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
    #[serde(default)]
    avg_frame_rate: String,
    #[serde(default)]
    color_range: String,
    #[serde(default)]
    color_space: String,
    #[serde(default)]
    color_transfer: String,
    #[serde(default)]
    color_primaries: String,
}

#[derive(Deserialize)]
struct Packet {
    pts_time: Option<String>,
    #[serde(default)]
    flags: String,
}

#[derive(Default, Deserialize)]
struct Format {
    start_time: Option<String>,
}

impl Report {
    /// Checks the report against the limits.
    ///
    /// # Errors
    /// [`Unplayable`], naming the limit that the clip breaks.
    pub fn judge(&self) -> Result<Probed, Unplayable> {
        let stream = self.streams.first().ok_or(Unplayable::NoVideo)?;
        if !CODECS.contains(&stream.codec_name.as_str()) {
            return Err(Unplayable::Codec(plain(&stream.codec_name)));
        }
        // The size of a fragmented clip may be unknown until it is decoded.
        if (stream.width, stream.height) != (0, 0) {
            within_limits(stream.width, stream.height)?;
        }
        let seconds = |text: &Option<String>| text.as_ref().and_then(|t| t.parse::<f64>().ok());
        let start = seconds(&self.format.start_time).unwrap_or(0.0);
        let last = self.packets.iter().filter_map(|p| seconds(&p.pts_time));
        let lasts = (last.fold(0.0, f64::max) - start).max(0.0);
        if lasts > MAX_SECONDS + SLACK_SECONDS {
            return Err(Unplayable::TooLong);
        }
        Ok(Probed {
            seconds: lasts,
            rate: stream.rate(),
            starts_with_key: self.packets.first().is_none_or(|p| p.flags.contains('K')),
            colours: stream.colours(),
            guessed_matrix: stream.guessed_matrix(),
        })
    }
}

impl Stream {
    fn rate(&self) -> Option<f64> {
        let (frames, seconds) = self.avg_frame_rate.split_once('/')?;
        let rate = frames.parse::<f64>().ok()? / seconds.parse::<f64>().ok()?;
        (rate.is_finite() && rate > 0.0).then_some(rate)
    }

    fn colours(&self) -> Option<Colours> {
        Colours::of(
            &self.color_transfer,
            &self.color_primaries,
            &self.color_space,
            &self.color_range,
        )
    }

    fn guessed_matrix(&self) -> Option<&'static str> {
        let is_named = !matches!(self.color_space.as_str(), "" | "unknown" | "reserved");
        let is_high = self.width.max(self.height) > STANDARD_DEFINITION;
        (!is_named && is_high && self.colours().is_none()).then_some("bt709")
    }
}

/// Checks the size of a frame, in pixels, against the limits.
pub fn within_limits(width: u32, height: u32) -> Result<(), Unplayable> {
    let sides = MIN_SIDE..=MAX_SIDE;
    let fits = sides.contains(&width) && sides.contains(&height) && width * height <= MAX_PIXELS;
    if fits {
        Ok(())
    } else {
        Err(Unplayable::Size { width, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probed(report: &str) -> Result<Probed, Unplayable> {
        serde_json::from_str::<Report>(report).unwrap().judge()
    }

    fn judge(report: &str) -> Result<(), Unplayable> {
        probed(report).map(|_| ())
    }

    fn clip(codec: &str, size: (u32, u32), start: f64, last: f64) -> String {
        let (width, height) = size;
        format!(
            r#"{{"packets": [{{"pts_time": "{last}"}}, {{}}],
                "streams": [{{"codec_name": "{codec}", "width": {width}, "height": {height}}}],
                "format": {{"start_time": "{start}"}}}}"#
        )
    }

    #[test]
    fn a_clip_is_refused_for_what_it_is() {
        let hd = (1280, 720);
        for (report, expected) in [
            (clip("h264", hd, 0.0, 5.0), Ok(())),
            (clip("vp9", (1440, 1920), 0.0, 30.1), Ok(())),
            (clip("vp8", hd, 100.0, 129.0), Ok(())),
            (clip("h264", hd, 0.0, 30.3), Err(Unplayable::TooLong)),
            (
                clip("prores", hd, 0.0, 5.0),
                Err(Unplayable::Codec("prores".to_owned())),
            ),
            (
                clip("h264", (3840, 2160), 0.0, 5.0),
                Err(Unplayable::Size {
                    width: 3840,
                    height: 2160,
                }),
            ),
            (
                clip("h264", (2100, 1440), 0.0, 5.0),
                Err(Unplayable::Size {
                    width: 2100,
                    height: 1440,
                }),
            ),
            (
                clip("h264", (100, 100), 0.0, 5.0),
                Err(Unplayable::Size {
                    width: 100,
                    height: 100,
                }),
            ),
            ("{}".to_owned(), Err(Unplayable::NoVideo)),
        ] {
            assert_eq!(judge(&report), expected, "{report}");
        }
    }
    #[test]
    fn what_a_clip_says_of_itself_is_understood() {
        let of = |more: &str, flags: &str| {
            probed(&format!(
                r#"{{"packets": [{{"pts_time": "0.1", "flags": "{flags}"}}, {{"pts_time": "4.1", "flags": "K__"}}],
                    "streams": [{{"codec_name": "hevc", "width": 720, "height": 1280, {more}}}],
                    "format": {{"start_time": "0.1"}}}}"#
            ))
            .unwrap()
        };
        let named = of(
            r#""avg_frame_rate": "30000/1001", "color_space": "smpte170m""#,
            "__",
        );
        assert!((named.seconds - 4.0).abs() < 1e-9);
        assert!((named.rate.unwrap() - 29.97).abs() < 0.01);
        assert!(!named.starts_with_key);
        assert_eq!((named.colours, named.guessed_matrix), (None, None));
        let unnamed = of(r#""avg_frame_rate": "0/0""#, "K__");
        assert_eq!(unnamed.rate, None);
        assert!(unnamed.starts_with_key);
        assert_eq!(unnamed.guessed_matrix, Some("bt709"));
        let hdr = of(
            r#""color_transfer": "smpte2084", "color_primaries": "bt2020""#,
            "K__",
        );
        assert!(hdr.colours.is_some());
        assert_eq!(hdr.guessed_matrix, None);
    }
}
