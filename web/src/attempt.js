// One attempt at a check, from its start to its end: obtains the session, opens the camera, guides the person.

import { openCamera } from "./camera.js";
import { AS_CHALLENGE, CAPTURE_LONGER_SIDE, takeClip, takeFrames } from "./capture.js";
import { asCheckError, createClient } from "./client.js";
import { Encoder } from "./encoder.js";
import { CheckError, Paused } from "./errors.js";
import { hasEnded, performChallenges } from "./interactive.js";
import { Pacing } from "./pacing.js";
import { childOf, wait } from "./time.js";

/** Longer side that is asked of the camera for a live session, pixels: frames are not larger. */
const LIVE_LONGER_SIDE = 640;
/** Frames of a verify where the session does not say. */
const MOST_FRAMES = 20;
/** Seconds for each movement of a capture that the usual pace leaves. */
const USUAL_SECONDS = 3;

/** Ends an attempt from outside. */
export class Ended extends Error {}

/**
 * @typedef {object} Options
 * @property {"interactive" | "capture"} mode
 * @property {"frames" | "clip"} capture
 * @property {URL} base address of the service
 * @property {URL} files folder of this module's files
 * @property {() => Promise<object>} obtainSession
 * @property {number} readySeconds 0: wait for the button
 * @property {number} timeout seconds for each movement of a capture; 0: the usual pace
 */

export class Attempt {
  #view;
  #emit;
  #move;
  #options;
  #whole = new AbortController();
  #stretch = null;
  #continue = () => {};
  #client = null;
  #session = null;
  #deviceId;
  #passed = 0;
  #isUsed = false;
  #pacing = new Pacing(performance.now());

  /**
   * @param {{view: import("./view.js").View, emit: (name: string, detail: object) => void,
   *   move: (step: string) => void}} context
   * @param {Options} options @param {string} deviceId the camera that the person chose before; empty: none
   */
  constructor({ view, emit, move }, options, deviceId) {
    this.#view = view;
    this.#emit = emit;
    this.#move = move;
    this.#options = options;
    this.#deviceId = deviceId;
  }

  /** Whether the session had a frame: then it cannot be used for another attempt. */
  get isUsed() {
    return this.#isUsed;
  }

  get sessionId() {
    return this.#session?.session_id ?? null;
  }

  /** Ends everything at once, and releases the camera. A session that had frames is cancelled. */
  end() {
    if (this.#isUsed) this.#client?.cancel();
    this.#whole.abort(new Ended());
  }

  /** Releases the camera until `goOn`. @param {"hidden" | "interrupted"} why */
  pause(why) {
    this.#stretch?.abort(new Paused(why));
  }

  goOn() {
    this.#continue();
  }

  /** Goes on with another camera. */
  switchCamera(deviceId) {
    this.#deviceId = deviceId;
    this.#stretch?.abort(new Paused("switch"));
  }

  /**
   * @returns {Promise<{again: boolean, hints: string[], payload: object | null}>} `again`: another try may help
   * @throws {CheckError | Ended}
   */
  async perform() {
    const { signal } = this.#whole;
    this.#showOpening();
    try {
      await this.#prepare(signal);
      if (this.#options.mode === "interactive") {
        const over = await this.#overAlready(signal);
        if (over) return over;
      }
      for (;;) {
        this.#stretch = childOf(signal);
        try {
          return await this.#perform(this.#stretch.signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof Paused)) throw error;
          await this.#rest(error.why, signal);
        }
      }
    } catch (error) {
      throw asCheckError(error);
    }
  }

  /** Obtains the session, and checks that it has what the mode needs. */
  async #prepare(signal) {
    const session = await this.#options.obtainSession();
    signal.throwIfAborted();
    // The page has shown the reason.
    if (session === null) throw new Ended();
    this.#session = session;
    const isLive = this.#options.mode === "interactive";
    const isComplete = session?.session_id && (isLive ? session.client_token : session.challenge?.length > 0);
    if (!isComplete) {
      const needed = isLive ? "session_id and client_token" : "session_id and challenge";
      throw new CheckError("server", "session", new Error(`the session lacks ${needed}`));
    }
    if (isLive) this.#client = createClient(this.#options.base, session);
  }

  /**
   * Reads where the session stands, before the camera is asked for: a person must not pose for a session that
   * is gone. A session that is over without a verdict counts as expired.
   */
  async #overAlready(signal) {
    const status = await this.#client.status(signal);
    if (hasEnded(status)) throw new CheckError("expired");
    this.#session = { ...this.#session, challenges: status.challenges };
    this.#passed = status.challenges.length - status.challenges_remaining;
    this.#isUsed = status.state === "in_progress";
    return null;
  }

  async #perform(signal) {
    const { mode, files } = this.#options;
    const camera = await openCamera({
      video: this.#view.video,
      longerSide: mode === "interactive" ? LIVE_LONGER_SIDE : CAPTURE_LONGER_SIDE,
      deviceId: this.#deviceId,
      onInterrupted: () => this.pause("interrupted"),
      signal,
    });
    const encoder = new Encoder(files);
    try {
      this.#move("camera");
      this.#view.waitFor("");
      this.#view.cameras(camera.cameras, camera.deviceId);
      // A session that has begun goes on at once: its clock runs.
      if (mode === "capture" || !this.#isUsed) await this.#getReady(camera.signal);
      this.#move("go");
      this.#emit("started", { mode, sessionId: this.sessionId, camera: camera.kind });
      return mode === "interactive" ? await this.#live(camera, encoder) : await this.#capture(camera, encoder);
    } finally {
      encoder.close();
      camera.stop();
    }
  }

  #showOpening() {
    const view = this.#view;
    const { words } = view;
    view.waitFor(words.text("opening.title"));
    view.cameras([], "");
    view.task(() => ({
      instruction: view.words.text("opening.title"),
      detail: view.words.text("opening.text"),
      buttons: this.#buttons(),
    }));
    view.oval.begin("");
    view.focusTask();
  }

  /** Buttons that are there all the time. */
  #buttons(...before) {
    return [...before, ...this.#options.buttons()];
  }

  /** Time to read the first instruction and to get into the oval, before any clock starts. */
  async #getReady(signal) {
    const view = this.#view;
    const { readySeconds, mode } = this.#options;
    const first = mode === "interactive" ? this.#session.challenges[0].type : AS_CHALLENGE[this.#session.challenge[0]];
    let skip;
    const isReady = new Promise((resolve) => (skip = resolve));
    const instruction = () => view.words.text(`challenge.${first}`);
    view.task(() => ({
      instruction: view.words.text("ready.title"),
      detail: `${view.words.text("ready.text")}\n${view.words.text("ready.first", { instruction: instruction() })}`,
      buttons: this.#buttons({ label: view.words.text("button.ready"), action: skip, isPrimary: true, part: "ready" }),
    }));
    const patience = childOf(signal);
    if (readySeconds > 0) view.time({ until: performance.now() + 1000 * readySeconds, seconds: readySeconds });
    // Longer than any session lives.
    const time = wait(readySeconds > 0 ? 1000 * readySeconds : 3_600_000, patience.signal);
    try {
      await Promise.race([time, isReady]);
      signal.throwIfAborted();
    } finally {
      time.catch(() => {});
      patience.abort();
      view.time(null);
    }
  }

  async #live(camera, encoder) {
    const view = this.#view;
    const { challenges } = this.#session;
    let index = this.#passed;
    if (this.#isUsed) this.#showChallenge(index);
    const answer = await performChallenges({
      challenges,
      passed: this.#passed,
      pacing: this.#pacing,
      grab: async () => {
        await camera.newPicture();
        const { longerSide, quality } = this.#pacing.picture;
        return encoder.jpeg(camera.video, longerSide, quality);
      },
      send: (jpeg) => {
        this.#isUsed = true;
        return this.#client.frame(jpeg, camera.signal);
      },
      signal: camera.signal,
      report: {
        challenge: (next, sentAt) => {
          index = next;
          this.#showChallenge(index);
          const seconds = challenges[index].timeout_seconds;
          view.time({ until: sentAt + 1000 * seconds, seconds });
        },
        passed: () => {
          this.#passed += 1;
          view.clearHint();
          view.tick();
        },
        progress: (progress) => {
          view.oval.progress = progress;
          this.#emit("progress", { index, progress: Math.round(100 * progress) / 100 });
        },
        hint: (name) => this.#hint(name),
      },
    });
    if (answer.state === "expired") throw new CheckError("expired");
    const isOk = answer.is_live === true;
    return { again: !isOk, hints: answer.retry_hints ?? [], payload: null };
  }

  #lastHint = "";

  #hint(name) {
    const shown = this.#view.hint(name);
    if (shown !== this.#lastHint && shown !== "") this.#emit("hint", { hint: shown });
    this.#lastHint = shown;
  }

  #showChallenge(index) {
    const { challenges } = this.#session;
    const { type, instruction } = challenges[index];
    const view = this.#view;
    view.oval.begin(type);
    view.clearHint();
    view.task(() => ({
      // A challenge that this version does not know has the service's own words, which are English.
      instruction: view.words.text(`challenge.${type}`) || instruction,
      detail: view.words.text(`detail.${type}`),
      drawing: type,
      step: index + 1,
      steps: challenges.length,
      buttons: this.#buttons(),
    }));
    this.#emit("challenge", { type, index, count: challenges.length });
  }

  async #capture(camera, encoder) {
    const view = this.#view;
    const { session_id, challenge: actions, config } = this.#session;
    const { capture, timeout } = this.#options;
    const show = (task) => view.task(() => ({ steps: actions.length, buttons: this.#buttons(), ...task() }));
    const report = {
      prompt: (index, what) => {
        const action = actions[index];
        const type = AS_CHALLENGE[action] ?? action;
        const step = index + 1;
        const text = (name) => view.words.text(name);
        if (what === "back") {
          view.oval.begin(type);
          show(() => ({ instruction: text("capture.back"), step }));
        } else if (what === "move") {
          this.#emit("challenge", { type: action, index, count: actions.length });
          show(() => ({ instruction: text(`challenge.${type}`) || action, drawing: type, step }));
        } else {
          const now = action === "blink" ? "capture.blink" : "capture.hold";
          show(() => ({ instruction: text(now), detail: text(`challenge.${type}`), drawing: type, step, said: text(now) }));
        }
      },
      progress: (progress) => {
        view.oval.progress = progress;
        this.#emit("progress", { index: Math.max(0, this.#passed), progress });
      },
      passed: () => {
        this.#passed += 1;
        view.tick();
      },
    };
    // A pause begins the capture anew: its frames belong together.
    this.#passed = 0;
    show(() => ({ instruction: view.words.text("capture.rest") }));
    const pace = timeout > 0 ? Math.max(1, timeout / USUAL_SECONDS) : 1;
    const run = { actions, pace, camera, encoder, report };
    const media =
      capture === "clip"
        ? { mode: "video", video_b64: await takeClip(run) }
        : { mode: "images", frames: await takeFrames({ ...run, maxFrames: config?.max_images ?? MOST_FRAMES }) };
    return { again: false, hints: [], payload: { session_id, ...media } };
  }

  /** Waits until the person wants to go on. */
  async #rest(why, signal) {
    this.#move("pause");
    const view = this.#view;
    if (why !== "switch") {
      const goOn = new Promise((resolve) => (this.#continue = resolve));
      const hasFocus = view.card.matches(":focus-within");
      view.message(
        () => ({
          title: view.words.text("paused.title"),
          text: view.words.text(`paused.${why}`),
          mark: "other",
          buttons: [
            { label: view.words.text("button.continue"), action: () => this.goOn(), isPrimary: true, part: "continue" },
            ...this.#buttons(),
          ],
        }),
        { takesFocus: hasFocus },
      );
      const ended = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
      await Promise.race([goOn, ended]);
    }
    this.#move("resume");
    this.#showOpening();
  }
}
