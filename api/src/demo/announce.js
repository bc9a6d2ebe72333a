// Announcements for screen readers, while eyes are on the camera. Instructions and results are always
// announced; hints only now and then, or their chatter would bury the instructions.

const HINT_EVERY_MS = 4_000;

const region = document.getElementById("announcer");
let lastSaid = 0;
let lastHint = "";

/** Announces a text that must be heard. */
export function announce(text) {
  // A region that gets the same text again stays silent, so a space is added to make the text differ.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
  lastSaid = performance.now();
  lastHint = "";
}

/** Empties the region, so that a reader who comes later finds no old text. */
export function hush() {
  region.textContent = "";
}

/** Announces a hint, unless something was announced just now or it is the same hint as the last. */
export function announceHint(text) {
  if (text === lastHint || performance.now() - lastSaid < HINT_EVERY_MS) return;
  announce(text);
  lastHint = text;
}
