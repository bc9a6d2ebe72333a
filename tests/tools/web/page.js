// A page whose camera shows a drawn face. `?camera=` says how the camera behaves: `face` (default), `denied`,
// `missing`, `busy`. Attributes of the component are parameters that begin with `-`; `function` names a session
// that a function obtains.

import { camera, installCamera } from "./camera.js";

const parameters = new URLSearchParams(location.search);
camera.mode = parameters.get("camera") ?? "face";
camera.labels = ["Front camera", "Back camera"].slice(0, Number(parameters.get("cameras") ?? 1));
installCamera();

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
window.camera = camera;
