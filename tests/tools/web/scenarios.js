// Runs a check again and again in this browser, each time with something that happens in between, and reports what
// came of it to the server.

import { camera, installCamera, mediaDevices } from "./camera.js";

installCamera();
const { LivegateCheck } = await import("/web/livegate-check.js");

const NAMES = ["ready", "started", "challenge", "hint", "progress", "complete", "cancel", "error", "another-way"];
/** What no event may carry. */
const SECRETS = /is_live|verified|score|reason_codes|confidence|client_token|lct_/;
const LIMIT_MS = 60_000;
let serial = 0;

function equal(found, wanted, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}
const holds = (condition, what) => equal(Boolean(condition), true, what);

/** A check in the page, with its events. */
class Trial {
  events = [];

  /** @param {string} how it goes, see server.mjs @param {Record<string, string>} attributes */
  constructor(how, attributes = {}) {
    serial += 1;
    this.id = `${how}-${serial}`;
    const given = { "session-id": this.id, "client-token": "lct_x", "ready-seconds": "0.1", lang: "en", ...attributes };
    this.check = document.createElement("livegate-check");
    for (const [name, value] of Object.entries(given)) this.check.setAttribute(name, value);
    for (const name of NAMES) {
      this.check.addEventListener(`livegate-${name}`, ({ detail }) => {
        // A payload is the page's own pictures, on their way to its backend.
        const told = JSON.parse(JSON.stringify({ ...detail, payload: undefined }));
        if (SECRETS.test(JSON.stringify(told))) throw new Error(`${name} says too much`);
        this.events.push({ name, detail });
      });
    }
    document.querySelector("main").append(this.check);
  }

  names() {
    return this.events.map(({ name }) => name).filter((name) => name !== "progress" && name !== "hint");
  }

  async until(condition, what) {
    const until = performance.now() + LIMIT_MS;
    while (!condition()) {
      if (performance.now() > until) {
        throw new Error(`${what} did not come in ${this.check.state}: ${JSON.stringify(this.names())}`);
      }
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  event(name) {
    return this.events.find((event) => event.name === name)?.detail;
  }

  async has(name) {
    await this.until(() => this.event(name), name);
    return this.event(name);
  }

  async ready() {
    await this.has("ready");
    return this;
  }

  async reaches(state) {
    await this.until(() => this.check.state === state, state);
  }

  async started() {
    await this.ready();
    this.check.start();
    await this.has("challenge");
    return this;
  }

  button(action) {
    return this.check.shadowRoot.querySelector(`[data-action="${action}"]`);
  }

  get text() {
    return this.check.shadowRoot.querySelector(".card").textContent;
  }
}

async function fails(how, code, attributes = {}) {
  const trial = await new Trial(how, attributes).ready();
  trial.check.start();
  equal((await trial.has("error")).code, code, "code");
  equal(trial.check.state, "error", "state");
  holds(trial.text.includes(code), "the code is shown");
  return trial;
}

const whileReplaced = async (target, name, get, work) => {
  const before = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { configurable: true, get });
  try {
    return await work();
  } finally {
    if (before) Object.defineProperty(target, name, before);
    else delete target[name];
  }
};

const allReleased = () => camera.tracks.every((track) => track.readyState === "ended");

const SCENARIOS = {
  async "it is supported"() {
    equal(await LivegateCheck.isSupported(), { supported: true, code: null, reason: "" }, "support");
  },
  async "a session passes, its events come in order, and the camera is released"() {
    const trial = await new Trial("pass").ready();
    trial.button("start").click();
    await trial.reaches("ended");
    equal(trial.names(), ["ready", "started", "challenge", "challenge", "challenge", "complete"], "events");
    const types = trial.events.filter(({ name }) => name === "challenge").map(({ detail }) => detail.type);
    equal(types, ["TURN_LEFT", "BLINK", "LOOK_UP"], "challenges");
    holds(trial.events.some(({ name, detail }) => name === "progress" && detail.progress === 1), "full progress");
    equal(trial.event("complete").sessionId, trial.id, "session");
    equal(trial.event("complete").payload, undefined, "payload");
  },
  async "a failed session shows its tips, and no button where there is no other session"() {
    const trial = await new Trial("tips").started();
    await trial.reaches("ended");
    const items = [...trial.check.shadowRoot.querySelectorAll("li[part=''], .message li")].map((item) => item.textContent);
    equal(items, ["Find more light.", "Turn your head further to your left."], "tips");
    equal(trial.button("retry"), null, "retry");
    holds(trial.event("complete"), "the backend is told");
  },
  async "with a function for sessions another try begins another session"() {
    const trial = new Trial("tips");
    const ids = [];
    trial.check.session = async () => {
      ids.push(`${ids.length === 0 ? "tips" : "pass"}-again-${(serial += 1)}`);
      return { session_id: ids.at(-1), client_token: "lct_x" };
    };
    await trial.started();
    await trial.reaches("ended");
    trial.button("retry").click();
    await trial.until(() => trial.names().filter((name) => name === "complete").length === 2, "the second end");
    equal(ids.length, 2, "sessions");
    equal(trial.events.filter(({ name }) => name === "complete")[1].detail.sessionId, ids[1], "session");
  },
  async "a new function for sessions leaves what is shown, and reset goes back to the start"() {
    camera.mode = "denied";
    const trial = await new Trial("pass").ready();
    const session = { session_id: trial.id, client_token: "lct_x" };
    trial.check.session = async () => session;
    trial.check.start();
    await trial.has("error");
    trial.check.session = async () => session;
    equal(trial.check.state, "error", "state");
    trial.check.reset();
    equal(trial.check.state, "start", "state");
    holds(trial.button("start"), "the start screen");
    camera.mode = "face";
  },
  async "a page that gives no session gets the start screen back"() {
    const trial = new Trial("pass");
    trial.check.session = async () => null;
    await trial.ready();
    await trial.check.start();
    equal(trial.check.state, "start", "state");
    equal(trial.names(), ["ready"], "events");
  },
  async "a refused, missing or busy camera is told apart"() {
    for (const mode of ["denied", "missing", "busy"]) {
      camera.mode = mode;
      const trial = await fails("pass", `camera_${mode}`);
      holds(trial.button("retry"), "another try is possible: the session was not used");
      trial.check.remove();
    }
    camera.mode = "face";
  },
  async "after a refusal the same session can be used"() {
    camera.mode = "denied";
    const trial = await fails("pass", "camera_denied");
    camera.mode = "face";
    trial.button("retry").click();
    await trial.has("complete");
  },
  async "a session that is gone is reported before the camera is asked for"() {
    const before = camera.tracks.length;
    await fails("gone", "expired");
    equal(camera.tracks.length, before, "cameras");
  },
  async "no service is a network error"() {
    await fails("pass", "network", { "base-url": "http://127.0.0.1:9/" });
  },
  async "a service that refuses or fails for long is given up"() {
    await Promise.all([fails("busy", "rate_limited"), fails("broken", "server")]);
  },
  async "a connection that is cut for a while does not end the session"() {
    const trial = await new Trial("cut").started();
    await trial.has("complete");
    holds(trial.events.some(({ name, detail }) => name === "hint" && detail.hint === "connection_weak"), "a hint");
  },
  async "a slow connection is said, and the session goes on"() {
    const trial = await new Trial("slow").started();
    await trial.until(() => trial.events.some(({ name, detail }) => detail?.hint === "connection_slow"), "the hint");
    await trial.has("complete");
  },
  async "a camera that is unplugged ends the check"() {
    const trial = await new Trial("stay").started();
    camera.tracks.at(-1).stop();
    camera.tell("ended");
    equal((await trial.has("error")).code, "camera_lost", "code");
  },
  async "a page out of sight turns the camera off, says so, and goes on when asked to"() {
    const trial = await new Trial("pass").started();
    await whileReplaced(document, "hidden", () => true, async () => {
      document.dispatchEvent(new Event("visibilitychange"));
      await trial.reaches("paused");
    });
    holds(allReleased(), "the camera is off");
    holds(trial.text.includes("out of sight"), "an explanation");
    trial.button("continue").click();
    await trial.has("complete");
  },
  async "a call that takes the camera pauses the check"() {
    const trial = await new Trial("pass").started();
    camera.tell("mute");
    await trial.reaches("paused");
    holds(trial.text.includes("A call"), "an explanation");
    trial.button("continue").click();
    await trial.has("complete");
  },
  async "the language can change in the middle, also to one from right to left"() {
    const trial = await new Trial("stay").started();
    const card = trial.check.shadowRoot.querySelector(".card");
    equal(card.dir, "ltr", "direction");
    trial.check.lang = "ar";
    await trial.until(() => card.dir === "rtl" && card.lang === "ar", "Arabic");
    holds(trial.text.includes("أدر رأسك"), "its words");
    equal(trial.check.state, "running", "state");
    trial.check.stop();
  },
  async "a page can give a language"() {
    LivegateCheck.addLanguage("sv", { "button.start": "Börja" });
    const trial = await new Trial("pass", { lang: "sv-SE" }).ready();
    equal(trial.button("start").textContent, "Börja", "its word");
  },
  async "Escape cancels, releases the camera and cancels the session"() {
    const trial = await new Trial("stay").started();
    await trial.has("progress");
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    equal(trial.check.state, "cancelled", "state");
    equal(trial.names().at(-1), "cancel", "event");
    await trial.until(allReleased, "release");
    const status = async () => (await fetch(`/api/v1/liveness/sessions/${trial.id}`)).status;
    for (let i = 0; i < 100 && (await status()) !== 404; i += 1) await new Promise((done) => setTimeout(done, 20));
    equal(await status(), 404, "the session");
  },
  async "an element that leaves the page releases the camera"() {
    const trial = await new Trial("stay").started();
    trial.check.remove();
    await trial.until(allReleased, "release");
  },
  async "another way is offered where the page has one"() {
    const trial = await new Trial("stay", { "another-way": "" }).started();
    trial.button("another-way").click();
    holds(trial.event("another-way"), "the event");
    equal(trial.check.state, "cancelled", "state");
    const without = await new Trial("stay").ready();
    equal(without.button("another-way"), null, "without");
  },
  async "another camera can be chosen in the middle"() {
    camera.labels = ["Front camera", "USB camera", "Infrared camera"];
    const trial = await new Trial("pass").started();
    const select = trial.check.shadowRoot.querySelector("select");
    equal(select.options.length, 2, "choices");
    select.value = "camera-1";
    select.dispatchEvent(new Event("change"));
    await trial.has("complete");
    equal(camera.asked.at(-1), "camera-1", "camera");
    camera.labels = ["Front camera"];
  },
  async "a page that is not secure, or has no cameras, is told so"() {
    await whileReplaced(window, "isSecureContext", () => false, async () => {
      equal((await LivegateCheck.isSupported()).code, "insecure_context", "support");
      await fails("pass", "insecure_context");
    });
    await whileReplaced(navigator, "mediaDevices", () => undefined, async () => {
      equal((await LivegateCheck.isSupported()).code, "unsupported", "support");
      await fails("pass", "unsupported");
    });
    await whileReplaced(mediaDevices, "enumerateDevices", () => async () => [], async () => {
      equal((await LivegateCheck.isSupported()).code, "camera_missing", "support");
    });
  },
  async "a browser that hides pictures is told so"() {
    const { prototype } = CanvasRenderingContext2D;
    const { getImageData } = prototype;
    prototype.getImageData = function noisy(...rest) {
      const image = getImageData.apply(this, rest);
      for (let i = 0; i < image.data.length; i += 1) image.data[i] = 255 * Math.random();
      return image;
    };
    try {
      const trial = await fails("pass", "unsupported");
      equal(trial.event("error").reason, "canvas", "reason");
    } finally {
      prototype.getImageData = getImageData;
    }
  },
  async "a capture is handed to the page, and its sending is waited for"() {
    const trial = new Trial("pass", { mode: "capture", challenge: "turn_left,blink" });
    let finish;
    trial.check.addEventListener("livegate-complete", ({ detail }) => detail.waitUntil(new Promise((done) => (finish = done))));
    await trial.ready();
    trial.check.start();
    const { payload } = await trial.has("complete");
    equal([payload.session_id, payload.mode], [trial.id, "images"], "payload");
    holds(payload.frames.length >= 8 && payload.frames.length <= 20, `${payload.frames.length} frames`);
    payload.frames.forEach((frame, i) => {
      equal(frame.index, i, "index");
      holds(i === 0 || frame.timestamp_ms > payload.frames[i - 1].timestamp_ms, "times rise");
      holds(frame.image_b64.startsWith("/9j/"), "a JPEG");
    });
    equal([...new Set(payload.frames.map(({ phase }) => phase))], ["center", "turn_left", "blink"], "phases");
    equal(trial.check.state, "sending", "state");
    finish({ again: true, hints: ["more_light"] });
    await trial.reaches("ended");
    holds(trial.text.includes("Find more light."), "the page's hints");
  },
  async "a page whose sending fails can say so"() {
    const trial = new Trial("pass");
    const failed = Promise.reject(Object.assign(new Error("as asked"), { code: "network" }));
    trial.check.addEventListener("livegate-complete", ({ detail }) => detail.waitUntil(failed));
    await trial.started();
    equal((await trial.has("error")).code, "network", "code");
  },
  async "a clip is handed to the page where the browser records one"() {
    if (!window.MediaRecorder) return "no recorder";
    const trial = await new Trial("pass", { mode: "capture", capture: "clip", challenge: "turn_left,blink" }).ready();
    trial.check.start();
    await trial.until(() => trial.event("complete") || trial.event("error"), "an end");
    if (trial.event("error")?.reason === "recorder") return "no format";
    const { payload } = trial.event("complete");
    equal(payload.mode, "video", "mode");
    holds(payload.video_b64.length > 5_000, "a clip");
  },
};

const wanted = new URLSearchParams(location.search).get("only");
const results = [];
for (const [name, run] of Object.entries(SCENARIOS)) {
  if (wanted && !name.includes(wanted)) continue;
  try {
    results.push({ name, note: (await run()) ?? "" });
  } catch (error) {
    results.push({ name, failure: error.message });
  }
  for (const check of document.querySelectorAll("livegate-check")) check.remove();
  if (!allReleased()) results.at(-1).failure ??= "the camera is still on";
}
await fetch("/report", { method: "POST", body: JSON.stringify({ agent: navigator.userAgent, results }) });
