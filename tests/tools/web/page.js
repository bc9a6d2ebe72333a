// A page whose camera shows a drawn face. `?camera=` says how the camera behaves: `face` (default), `denied`,
// `missing`, `busy`. Attributes of the component are parameters that begin with `-`.

const parameters = new URLSearchParams(location.search);
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
  setInterval(draw, 50);
  return canvas.captureStream(20);
}

const opened = [];
window.openedTracks = opened;
const size = innerWidth < innerHeight ? [480, 640] : [640, 480];
const fake = {
  getUserMedia: async () => {
    const failure = FAILURES[parameters.get("camera")];
    if (failure) throw new DOMException("as asked", failure);
    const stream = drawnFace(...size);
    opened.push(...stream.getTracks());
    return stream;
  },
  enumerateDevices: async () =>
    [...Array(Number(parameters.get("cameras") ?? 1)).keys()].map((i) => ({
      kind: "videoinput",
      deviceId: `camera-${i}`,
      label: ["Front camera", "Back camera", "Infrared camera"][i],
    })),
};
Object.defineProperty(navigator, "mediaDevices", { configurable: true, get: () => fake });

const { LivegateCheck } = await import("/web/livegate-check.js");
window.LivegateCheck = LivegateCheck;
const check = document.createElement("livegate-check");
for (const [name, value] of parameters) if (name.startsWith("-")) check.setAttribute(name.slice(1), value);
const events = [];
window.events = events;
const NAMES = ["ready", "started", "challenge", "hint", "progress", "complete", "cancel", "error", "another-way"];
for (const name of NAMES) {
  check.addEventListener(`livegate-${name}`, ({ detail }) => events.push({ name, ...JSON.parse(JSON.stringify(detail)) }));
}
if (parameters.has("function")) check.session = async () => ({ session_id: parameters.get("function"), client_token: "lct_x" });
document.querySelector("main").append(check);
window.check = check;
