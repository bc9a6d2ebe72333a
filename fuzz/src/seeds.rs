//! Inputs from which libFuzzer and the tests start: small, well-formed, and generated here.

use std::io::Cursor;
use std::sync::LazyLock;

use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use livegate_common::id::{BatchId, JobId, ReplicaId, RequestId};
use livegate_common::job::{
    Batch, BatchHeader, ClipOutcome, Cost, EncodedFrame, Failure, Look, MeasuredClip, Outcome,
    Portrait, encode_batch,
};
use livegate_common::seal::SealKey;
use livegate_liveness::measurement::FrameMeasurement;
use livegate_liveness::outcome::{ClipFrame, FrameOutcome};
use livegate_liveness::thresholds::OperatingPoint;
use turbojpeg::{Compressor, Subsamp};
use uuid::Uuid;

/// The inputs for the property of that name.
pub fn of(property: &str) -> Vec<Vec<u8>> {
    match property {
        "picture_header" | "picture" | "upright_jpeg" => pictures(),
        "clip_report" => clip_reports(),
        "clip_pictures" => vec![[&b"P6\n120 120\n255\n"[..], &[7; 120 * 120 * 3]].concat()],
        "queue_batch" => batches(),
        "queue_outcome" => outcomes(),
        "verify_body" => verify_bodies(),
        "session_body" => texts(&[
            "{}",
            r#"{"actions": ["turn_left", "blink"], "yaw_deg": 25, "pitch_deg": 20.5, "mirrored": true}"#,
            r#"{"actions": null, "blink_ear": 0.2, "mirrored": false}"#,
            r#"{"a": [[[{"b": [{}]}]]], "a": 1}"#,
        ]),
        "session_query" => texts(&[
            "num_challenges=3&timeout_seconds=5.0&mirrored=true",
            "challenges=TURN_LEFT,BLINK&challenges=SMILE",
            "preset=head_turn&num_challenges=1",
            "challenges=OPEN%5FMOUTH%2CLOOK%5FUP",
        ]),
        "live_form" => live_forms(),
        "client_token" => texts(&[
            "lct_",
            &format!("lct_{}", "A".repeat(75)),
            &"_-aZ09".repeat(12),
        ]),
        "head" => texts(&[
            "\x07GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "\x01POST /v1/liveness/verify HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
            "\x03\r\n\nGET / HTTP/1.1\n\n",
            "\x05PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "\x7fGET / HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\nHEAD / HTTP/9\r\n\r\n",
            "\x7fPUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            &format!("\x7fGET / HTTP/1.1\r\na: {}\r\n\r\n", "a".repeat(33_000)),
        ]),
        "operating_point" => vec![OperatingPoint::shipped().to_toml().unwrap().into_bytes()],
        other => panic!("no property is called {other}"),
    }
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn picture() -> DynamicImage {
    let pixel = |x: u32, y: u32| Rgb([x, y, x ^ y].map(|v| u8::try_from(v % 256).unwrap()));
    RgbImage::from_fn(128, 120, pixel).into()
}

/// JPEGs and PNGs of every kind that is decoded differently. The first is a plain JPEG.
fn pictures() -> Vec<Vec<u8>> {
    static MADE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(make_pictures);
    MADE.clone()
}

fn make_pictures() -> Vec<Vec<u8>> {
    let colour = picture();
    let encode = |picture: &DynamicImage, format| {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    let kinds = [
        colour.clone(),
        colour.to_luma8().into(),
        colour.to_luma_alpha8().into(),
        colour.to_rgba8().into(),
        colour.to_luma16().into(),
        colour.to_rgba16().into(),
    ];
    let jpegs = kinds[..2]
        .iter()
        .map(|kind| encode(kind, ImageFormat::Jpeg));
    let pngs = kinds.iter().map(|kind| encode(kind, ImageFormat::Png));
    let progressive = [Subsamp::None, Subsamp::Sub2x2].map(|subsamp| {
        let mut compressor = Compressor::new().unwrap();
        compressor.set_progressive(true).unwrap();
        compressor.set_subsamp(subsamp).unwrap();
        let pixels = colour.to_rgb8();
        let image = turbojpeg::Image {
            pixels: pixels.as_raw().as_slice(),
            width: 128,
            pitch: 128 * 3,
            height: 120,
            format: turbojpeg::PixelFormat::RGB,
        };
        compressor.compress_to_vec(image).unwrap()
    });
    let mut pictures: Vec<Vec<u8>> = jpegs.chain(progressive).chain(pngs).collect();
    let with_profile = {
        use image::ImageEncoder;
        let mut bytes = Vec::new();
        let mut encoder = PngEncoder::new(&mut bytes);
        encoder.set_icc_profile(vec![0; 5000]).unwrap();
        colour.write_with_encoder(encoder).unwrap();
        bytes
    };
    pictures.extend([
        turned(&pictures[0], 6),
        turned(&pictures[2], 5),
        with_profile,
    ]);
    pictures
}

/// The JPEG with an EXIF block of this orientation after its first marker.
fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    exif.extend([0, orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

fn clip_reports() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"packets": [{"pts_time": "29.9"}, {}], "streams": [{"codec_name": "h264", "width": 1280, "height": 720}], "format": {"start_time": "0.0"}}"#,
        r#"{"streams": [{"codec_name": "prores", "width": 65535, "height": 65535}]}"#,
        "out_time_us=11638796\n[Parsed_showinfo_1 @ 0x55] n:   0 pts:  512 pts_time:0.04 pos: 3 fmt:yuv420p sar:0/1 s:480x360 i:P\n",
        "[matroska,webm @ 0x55] File ended prematurely\n",
        "\0\0\0\x18ftypmp42",
    ])
}

fn header() -> BatchHeader {
    BatchHeader {
        id: BatchId {
            job: JobId(Uuid::from_u128(1)),
            batch: 2,
        },
        reply_to: ReplicaId(Uuid::from_u128(3)),
        deadline_ms: 5_000,
        sent_ms: 4_000,
        request: RequestId::fresh(),
        trace: Some(format!("00-{:032x}-{:016x}-01", 1, 2)),
    }
}

fn plain(content: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_stdvec(content).unwrap()
}

/// The content of a message, and a complete message.
fn batches() -> Vec<Vec<u8>> {
    let image = || pictures().swap_remove(0).into();
    let frames = |look| Batch::Frames {
        frames: (0..2)
            .map(|index| EncodedFrame {
                index,
                image: image(),
            })
            .collect(),
        look,
    };
    let clip = Batch::Clip(vec![7; 100].into());
    let key = SealKey::random().unwrap();
    let whole = encode_batch(&header(), &clip, &key).unwrap().to_vec();
    vec![
        plain(&frames(Look::Whole)),
        plain(&frames(Look::Glance)),
        plain(&clip),
        whole,
    ]
}

fn outcomes() -> Vec<Vec<u8>> {
    let measured = || FrameMeasurement {
        width: 1280,
        height: 720,
        faces: Vec::new(),
        face: None,
        scene: None,
    };
    let cost = Cost {
        cpu_us: 1_000,
        inference_us: 900,
        occupied_us: 1_100,
    };
    let frames = vec![
        (0, FrameOutcome::Measured(Box::new(measured()))),
        (1, FrameOutcome::Undecodable("it ends early".to_owned())),
    ];
    let clip = MeasuredClip {
        frames: vec![ClipFrame {
            seconds: 0.5,
            measured: measured(),
        }],
        portraits: vec![Portrait {
            frame: 0,
            jpeg: vec![7; 50].into(),
        }],
    };
    [
        Outcome::Frames {
            frames,
            models: Default::default(),
            cost,
        },
        Outcome::Clip {
            models: Default::default(),
            clip: ClipOutcome::Measured(clip),
            cost,
        },
        Outcome::Clip {
            models: Default::default(),
            clip: ClipOutcome::Unplayable("it is too long".to_owned()),
            cost,
        },
        Outcome::Failed(Failure::Measuring("no".to_owned())),
    ]
    .iter()
    .map(plain)
    .collect()
}

fn verify_bodies() -> Vec<Vec<u8>> {
    // Only the beginning of a picture is read.
    let jpeg = "/9j/wAARCAB4AHgDASIAAhEBAxEB/9oAAgAA";
    let frame = |index: usize| {
        format!(
            r#"{{"index": {index}, "timestamp_ms": {}, "phase": "turn_left", "image_b64": "{jpeg}"}}"#,
            index * 200
        )
    };
    let frames = |number: usize| (0..number).map(frame).collect::<Vec<_>>().join(", ");
    let images = |number| {
        format!(
            r#"{{"session_id": "live_0", "mode": "images", "frames": [{}]}}"#,
            frames(number)
        )
    };
    let escaped = images(8).replace('/', "\\/").replace("live", "\\u006cive");
    texts(&[
        &images(8),
        &images(21),
        &escaped,
        r#"{"session_id": "live_0", "mode": "video", "video_b64": "data:video/webm;base64,GkXfow=="}"#,
        r#"{"session_id": null, "mode": [[{"a": {}}]], "frames": {"x": 1}, "video_b64": 1e400}"#,
        "[1, true, null]",
    ])
}

fn live_forms() -> Vec<Vec<u8>> {
    let form = |parts: &str| format!("multipart/form-data; boundary=xyz\n{parts}--xyz--\r\n");
    let part = |name: &str, content: &str| {
        format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n{content}\r\n"
        )
    };
    let image = part("image", "not really a picture");
    texts(&[
        &form(&image),
        &form(&(part("other", "x") + &image)),
        &form(&image.repeat(2)),
        &form(&part("other", "x").repeat(17)),
        "multipart/form-data; boundary=\"\"\n--\r\n\r\n----",
    ])
}
