"""Computes the reference outputs that golden.rs compares the prepared models with.

The references are outputs of the original files as packaged, computed by other engines than Livegate's: LiteRT for
the TFLite files, OpenCV for the ONNX files. Only output numbers are written, and only some of them if there are
many. (ONNX's own reference evaluator agrees on all but fr_liveness, whose BatchNormalization of opset 9 it computes
differently from every other engine.)

    pip install ai-edge-litert numpy opencv-python-headless
    python reference.py SOURCES OUT

SOURCES is a folder with the five source files under their packaged names (`livegate-models list` shows the packages):
face_landmarks_detector.tflite and face_blendshapes.tflite (members of face_landmarker.task),
face_detection_yunet_2023mar_int8bq.onnx, fr_liveness.onnx, fr_feature.onnx. OUT is this folder.
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

MOST = 1500  # values kept of one output
YUNET = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)]


def drawn_face(height, width):
    """A face drawn from smooth functions, RGB 0..1, [3, height, width]; golden.rs draws the same.

    YuNet and the landmark model recognise it as a face, so their outputs are typical.
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = (x + 0.5) / width, (y + 0.5) / height

    def spot(cx, cy, sx, sy):
        return np.exp(-(((u - cx) / sx) ** 2) - ((v - cy) / sy) ** 2)

    radius = np.sqrt(((u - 0.5) / 0.30) ** 2 + ((v - 0.5) / 0.40) ** 2)
    skin = 1 / (1 + np.exp(-40 * (1 - radius)))
    channels = []
    for background, tone, lips in [(0.25, 0.85, 0.10), (0.30, 0.65, 0.30), (0.35, 0.52, 0.28)]:
        value = background + (tone - background) * skin
        for eye in (0.38, 0.62):
            value = value - 0.35 * spot(eye, 0.33, 0.07, 0.018)
            value = value + 0.25 * spot(eye, 0.42, 0.055, 0.022)
            value = value - 0.65 * spot(eye, 0.42, 0.022, 0.024)
        value = value + 0.08 * spot(0.5, 0.48, 0.02, 0.1) - 0.18 * spot(0.5, 0.57, 0.06, 0.02)
        value = value - lips * spot(0.5, 0.70, 0.10, 0.025) - 0.25 * spot(0.5, 0.70, 0.09, 0.006)
        channels.append(np.clip(value, 0, 1))
    return np.stack(channels)


def spiral(count):
    """Points on a spiral, [count, 2], in pixels; golden.rs computes the same."""
    i = np.arange(count, dtype=np.float64)
    radius, angle = 100 * np.sqrt(i / count), 2.4 * i
    return np.stack([200 + radius * np.cos(angle), 150 + radius * np.sin(angle)], axis=1)


def litert(path, value):
    """Outputs in the order of the file."""
    engine = Interpreter(str(path), num_threads=1)
    engine.allocate_tensors()
    engine.set_tensor(engine.get_input_details()[0]["index"], value.astype(np.float32))
    engine.invoke()
    return [engine.get_tensor(o["index"]) for o in engine.get_output_details()]


def opencv(path, value, names=("output",)):
    """Outputs by name."""
    engine = cv2.dnn.readNetFromONNX(str(path))
    engine.setInput(value.astype(np.float32))
    return list(zip(names, engine.forward(list(names))))


def write(folder, model, engine, outputs):
    entries = []
    for name, value in outputs:
        value = np.asarray(value, dtype=np.float32)
        flat = value.ravel()
        # A prime, so that the kept values fall on every channel of the last axis.
        step = next(p for p in (1, 7, 11, 13, 17, 19) if flat.size / p <= MOST)
        kept = [float(f"{v:.7g}") for v in flat[::step]]
        entries.append({"name": name, "shape": value.shape, "step": step, "values": kept})
    text = json.dumps({"engine": engine, "outputs": entries}, separators=(",", ":"))
    (folder / f"{model}.json").write_text(text + "\n")


def main(sources, out):
    landmarks, presence, _ = litert(
        sources / "face_landmarks_detector.tflite",
        drawn_face(256, 256).transpose(1, 2, 0)[None],
    )
    write(
        out,
        "face_landmarks_478",
        "LiteRT",
        [("landmarks", landmarks.reshape(1, 478, 3)), ("presence", presence.reshape(1, 1))],
    )
    (scores,) = litert(sources / "face_blendshapes.tflite", spiral(146)[None])
    write(out, "face_blendshapes", "LiteRT", [("scores", scores.reshape(1, 52))])

    bgr = drawn_face(192, 160)[None, ::-1] * 255
    yunet = opencv(sources / "face_detection_yunet_2023mar_int8bq.onnx", bgr, YUNET)
    write(out, "yunet_2023mar", "OpenCV", yunet)
    bgr = drawn_face(128, 128)[None, ::-1] * 255
    liveness = opencv(sources / "fr_liveness.onnx", bgr)
    write(out, "fr_liveness", "OpenCV", liveness)
    rgb = (drawn_face(112, 112)[None] * 255 - 127.5) / 128
    feature = opencv(sources / "fr_feature.onnx", rgb)
    write(out, "fr_feature", "OpenCV", feature)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
