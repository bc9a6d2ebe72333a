// The demo page: the component, settings beside it, and the verdict after it. The page also plays the backend of
// an integration: it creates sessions and reads verdicts.

import { BackendError, createBackend } from "./backend.js";
import { Key } from "./key.js";
import { Settings, SettingsError } from "./settings.js";
import { verdictCard } from "./verdict.js";

const address = new URLSearchParams(location.search);
const check = document.getElementById("check");
const verdict = document.getElementById("verdict");
const message = document.getElementById("settings-error");

const key = new Key();
const backend = createBackend(key);
const settings = new Settings(address, check);
// A wrong key is reported when it is typed, not when the camera is on.
key.onChange = async () => {
  try {
    settings.presets = await backend.presets();
  } catch (error) {
    if (error instanceof BackendError && [401, 403].includes(error.status)) key.refuse(error.message);
  }
};

key.onEnter = () => check.start();

const setState = (state) => (document.body.dataset.state = state);
let session = null;
let passed = 0;

/** What a page's own backend does: it creates a session for the person. Null: not now. */
async function obtainSession({ timeoutSeconds } = {}) {
  message.textContent = "";
  if (!(await key.isThere())) return null;
  try {
    session = await backend.createSession(settings.request(timeoutSeconds));
    return session;
  } catch (error) {
    if (error instanceof SettingsError) message.textContent = error.message;
    else if (error instanceof BackendError && [401, 403].includes(error.status)) key.refuse(error.message);
    else if (error instanceof BackendError && error.status === 400) message.textContent = error.message;
    else throw error;
    return null;
  }
}

check.addEventListener("livegate-started", () => {
  passed = 0;
  setState("running");
});
check.addEventListener("livegate-progress", ({ detail }) => (passed = Math.max(passed, detail.index)));
check.addEventListener("livegate-cancel", () => setState("idle"));
check.addEventListener("livegate-error", ({ detail }) => {
  document.body.dataset.error = detail.code;
  setState("error");
});
check.addEventListener("livegate-complete", ({ detail }) => detail.waitUntil(judge(detail)));

/** What a page's own backend does when a check is over: it reads the verdict, or verifies the capture. */
async function judge({ payload }) {
  setState("judging");
  const sentAt = performance.now();
  const answer = payload ? await backend.verify(payload) : await backend.readSession(session);
  const isLive = (answer.verified ?? answer.is_live) === true;
  const facts = { session, payload, tookMs: payload ? performance.now() - sentAt : null };
  verdict.replaceChildren(...verdictCard({ isLive, answer, ...facts }), buttons());
  const total = answer.challenges?.length ?? 0;
  document.body.dataset.passed = String(payload ? passed : total - (answer.challenges_remaining ?? total));
  document.body.dataset.verdict = isLive ? "live" : "not_live";
  // After the component has shown its own end, whose place the verdict takes.
  setTimeout(() => {
    check.hidden = true;
    verdict.hidden = false;
    setState("ended");
    verdict.querySelector("h2").focus({ preventScroll: true });
    verdict.scrollIntoView({ block: "nearest" });
  });
  return { again: false };
}

function buttons() {
  const again = document.createElement("button");
  Object.assign(again, { type: "button", className: "primary", textContent: "Try again" });
  again.addEventListener("click", () => {
    showCheck();
    check.retry();
  });
  const change = document.createElement("button");
  Object.assign(change, { type: "button", textContent: "Change settings" });
  change.addEventListener("click", () => {
    showCheck();
    document.querySelector("#settings input").focus();
  });
  const row = document.createElement("p");
  row.className = "buttons";
  row.append(again, change);
  return row;
}

function showCheck() {
  verdict.hidden = true;
  verdict.replaceChildren();
  check.hidden = false;
  check.reset();
  for (const name of ["verdict", "error", "passed"]) delete document.body.dataset[name];
  setState("idle");
}

// Loaded last: the page is ready for each of its events.
await import("/web/livegate-check.js");
check.session = obtainSession;
