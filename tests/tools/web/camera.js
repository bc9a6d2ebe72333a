// A camera for tests: it shows a drawn face, and fails as it is told to.

const FAILURES = { denied: "NotAllowedError", missing: "NotFoundError", busy: "NotReadableError" };

/** A face that moves a little: ovals and circles, nobody's. */
function drawnFace(width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  let step = 0;
  const draw = () => {
    step += 1;
    const [x, y, size] = [width / 2 + 6 * Math.sin(step / 9), height * 0.49, Math.min(width, height) * 0.29];
    const oval = (dx, dy, across, along, colour) => {
      context.fillStyle = colour;
      context.beginPath();
      context.ellipse(x + dx * size, y + dy * size, across * size, along * size, 0, 0, 2 * Math.PI);
      context.fill();
    };
    context.fillStyle = "#7b93a3";
    context.fillRect(0, 0, width, height);
    oval(0, 2.1, 1.6, 1, "#3f5d74");
    oval(0, 0.9, 0.4, 0.7, "#d9a887");
    oval(0, -0.25, 1.02, 1.3, "#4a3528");
    oval(0, 0, 0.92, 1.25, "#e8bd9d");
    for (const side of [-1, 1]) {
      oval(0.38 * side, -0.2, 0.17, 0.1, "#fff");
      oval(0.38 * side, -0.2, 0.08, 0.09, "#35281f");
      oval(0.38 * side, -0.42, 0.22, 0.04, "#4a3528");
    }
    oval(0, 0.18, 0.1, 0.2, "#d9a887");
    oval(0, 0.62, 0.32, 0.09, "#b05a52");
  };
  draw();
  const stream = canvas.captureStream(20);
  // A camera that is off draws no more: a run opens dozens.
  const drawing = setInterval(() => (stream.active ? draw() : clearInterval(drawing)), 50);
  return stream;
}

/** How the camera behaves, and what was asked of it. */
export const camera = {
  /** `face`, or a name of `FAILURES`. */
  mode: "face",
  labels: ["Front camera"],
  /** Tracks that were opened. @type {MediaStreamTrack[]} */
  tracks: [],
  /** Cameras that were asked for by id. @type {string[]} */
  asked: [],
  /** Gives the newest track an event. @type {(name: string) => void} */
  tell: () => {},
};

const size = innerWidth < innerHeight ? [480, 640] : [640, 480];
export const mediaDevices = {
  async getUserMedia({ video }) {
    const failure = FAILURES[camera.mode];
    if (failure) throw new DOMException("as asked", failure);
    const stream = drawnFace(...size);
    camera.asked.push(video.deviceId?.exact ?? "");
    const [track] = stream.getTracks();
    // Firefox delivers no events to a track that a script dispatches.
    const told = new EventTarget();
    track.addEventListener = told.addEventListener.bind(told);
    camera.tell = (name) => told.dispatchEvent(new Event(name));
    camera.tracks.push(track);
    return stream;
  },
  async enumerateDevices() {
    return camera.labels.map((label, i) => ({ kind: "videoinput", deviceId: `camera-${i}`, label }));
  },
};

/** Replaces the browser's cameras. */
export function installCamera() {
  Object.defineProperty(navigator, "mediaDevices", { configurable: true, get: () => mediaDevices });
}
