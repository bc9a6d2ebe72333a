// What screen readers are told while eyes are on the camera. Instructions and results always; hints
// only now and then, or their chatter would bury the instructions.

const HINT_EVERY_MS = 4_000;

const region = document.getElementById("announcer");
let lastSaid = 0;
let lastHint = "";

/** Says something that must be heard. */
export function announce(text) {
  // A region that gets the same text again stays silent: a space more makes it another.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
  lastSaid = performance.now();
  lastHint = "";
}

/** Leaves nothing behind for who reads on later. */
export function hush() {
  region.textContent = "";
}

/** Says a hint, unless something was said just now or it was the last hint. */
export function announceHint(text) {
  if (text === lastHint || performance.now() - lastSaid < HINT_EVERY_MS) return;
  announce(text);
  lastHint = text;
}
