// The custom element: attributes, properties, methods and events.

import { Attempt, Ended } from "./attempt.js";
import { CheckError } from "./errors.js";
import { isActive, nextState } from "./machine.js";
import { Speech } from "./speech.js";
import { STYLES } from "./styles.js";
import { supportReport } from "./support.js";
import { errorTexts, tipsOf } from "./texts.js";
import { View } from "./view.js";
import { giveLanguage, loadWords } from "./words.js";

const READY_SECONDS = 3;
const MOST_SECONDS = 60;

let sheet = null;
let filesFolder = null;

/** Where the files beside the module are. The entry says it once. @param {URL} address */
export function setFilesFolder(address) {
  filesFolder = address;
}

export class LivegateCheck extends HTMLElement {
  static observedAttributes = ["lang", "another-way", "session-id", "client-token", "challenge"];

  /** Whether a check can run here. @returns {Promise<{supported: boolean, code: string | null, reason: string}>} */
  static isSupported() {
    return supportReport();
  }

  /** Folder of the language files and the worker, for pages whose bundler moved this module. @param {string | URL} address */
  static set files(address) {
    setFilesFolder(new URL(folder(String(address)), document.baseURI));
  }

  /** Gives a language, or other words for one. Texts that are missing are English. */
  static addLanguage(tag, texts) {
    giveLanguage(tag, texts);
    for (const check of shown) check.#speakLanguage();
  }

  #view;
  #state = "start";
  #attempt = null;
  #session = null;
  #deviceId = "";
  #wantsMoreTime = false;
  #hasWords = false;
  #isSessionUsed = false;
  #watch = null;
  #wantedLanguage = 0;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    sheet ??= new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    this.#view = new View(root, (deviceId) => this.#chooseCamera(deviceId));
  }

  /** What the check does now. @returns {import("./machine.js").State} */
  get state() {
    return this.#state;
  }

  /**
   * The session as the service made it, or a function that obtains one from the page's own backend, also for
   * another try. Without it the attributes count.
   */
  get session() {
    return this.#session;
  }

  set session(session) {
    // Frameworks set a new function for each rendering: that is no reason to leave what is shown.
    const isSame = typeof session === "function" && typeof this.#session === "function";
    this.#session = session;
    if (isSame) return;
    this.#isSessionUsed = false;
    this.#showStart();
  }

  connectedCallback() {
    // Set before the element was defined, it is a property of the element alone, and hides the class's.
    if (Object.hasOwn(this, "session")) {
      const { session } = this;
      delete this.session;
      this.session = session;
    }
    shown.add(this);
    this.#watch = new AbortController();
    const { signal } = this.#watch;
    // Of the whole page: a person who has clicked elsewhere must be able to stop the camera, too.
    document.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.#attempt?.pause("hidden"), { signal });
    window.addEventListener("pagehide", () => this.stop(), { signal });
    this.#speakLanguage(true);
  }

  disconnectedCallback() {
    shown.delete(this);
    this.#watch.abort();
    this.stop();
    this.#view.speech.isAloud = false;
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.isConnected) return;
    if (name === "lang") return void this.#speakLanguage();
    if (name !== "another-way") this.#isSessionUsed = false;
    this.#showStart();
  }

  /** Starts a check; does nothing while one is under way. */
  async start() {
    if (!this.#hasWords || !this.isConnected || !this.#move("start")) return;
    const emit = (name, detail) => this.#emit(name, detail);
    const attempt = new Attempt(
      { view: this.#view, emit, move: (step) => this.#move(step) },
      this.#options(),
      this.#deviceId,
    );
    this.#attempt = attempt;
    try {
      const outcome = await attempt.perform();
      this.#release(attempt);
      await this.#finish(attempt, outcome);
    } catch (error) {
      const wasStopped = this.#attempt !== attempt;
      this.#release(attempt);
      // What stopped it has shown what comes next.
      if (wasStopped) return;
      if (error instanceof Ended) {
        this.#move("reset");
        return this.#showStart();
      }
      this.#fail(error instanceof CheckError ? error : unexpected(error), attempt.sessionId);
    }
  }

  /** Ends the check, releases the camera and cancels the session. */
  stop() {
    if (!isActive(this.#state)) return;
    const attempt = this.#attempt;
    this.#attempt = null;
    attempt?.end();
    this.#isSessionUsed ||= attempt?.isUsed ?? false;
    this.#move("cancel");
    this.#showMessage(() => ({
      title: this.#text("cancelled.title"),
      text: this.#text("cancelled.text"),
      mark: "other",
      buttons: this.#buttonsAfter(),
    }));
    this.#emit("cancel", { sessionId: attempt?.sessionId ?? null });
  }

  /** Starts again, with a new session where `session` is a function. */
  retry() {
    return this.start();
  }

  /** Back to the start screen. */
  reset() {
    this.stop();
    this.#showStart();
  }

  #release(attempt) {
    this.#isSessionUsed ||= attempt.isUsed;
    if (this.#attempt === attempt) this.#attempt = null;
  }

  #move(step) {
    const next = nextState(this.#state, step);
    if (!next) return false;
    this.#state = next;
    this.#view.showState(next);
    return true;
  }

  #options() {
    const number = (name, most, otherwise) => {
      const value = Number.parseFloat(this.getAttribute(name) ?? "");
      return Number.isFinite(value) && value >= 0 ? Math.min(value, most) : otherwise;
    };
    const timeout = number("timeout", MOST_SECONDS, 0);
    const seconds = this.#wantsMoreTime ? MOST_SECONDS : timeout;
    return {
      mode: this.getAttribute("mode") === "capture" ? "capture" : "interactive",
      capture: this.getAttribute("capture") === "clip" ? "clip" : "frames",
      base: new URL(folder(this.getAttribute("base-url") ?? serviceOf(filesFolder)), document.baseURI),
      files: filesFolder,
      obtainSession: () => this.#obtainSession(seconds),
      readySeconds: this.#wantsMoreTime ? 0 : number("ready-seconds", MOST_SECONDS, READY_SECONDS),
      timeout: this.#wantsMoreTime ? 10 : timeout,
      buttons: () => this.#buttonsDuring(),
    };
  }

  async #obtainSession(timeoutSeconds) {
    if (typeof this.#session !== "function") return this.#session ?? this.#sessionOfAttributes();
    try {
      return await this.#session(timeoutSeconds > 0 ? { timeoutSeconds } : {});
    } catch (error) {
      if (error instanceof CheckError) throw error;
      // The page's own code may name what happened; otherwise its backend has a problem.
      throw new CheckError(["network", "rate_limited", "expired"].includes(error?.code) ? error.code : "server", "session", error);
    }
  }

  #sessionOfAttributes() {
    const challenge = (this.getAttribute("challenge") ?? "").split(",").map((name) => name.trim());
    return {
      session_id: this.getAttribute("session-id") ?? "",
      client_token: this.getAttribute("client-token") ?? "",
      challenge: challenge.filter(Boolean),
    };
  }

  /** Whether another try is possible without the page. */
  get #canRetry() {
    return typeof this.#session === "function" || !this.#isSessionUsed;
  }

  async #finish(attempt, { again, hints, payload }) {
    const pending = [];
    const detail = { mode: payload ? "capture" : "interactive", sessionId: attempt.sessionId, waitUntil: (promise) => pending.push(promise) };
    if (payload) {
      this.#isSessionUsed = true;
      detail.payload = payload;
    }
    this.#emit("complete", detail);
    if (pending.length > 0 && this.#move("captured")) {
      this.#showMessage(() => ({ title: this.#text("sending.title"), text: this.#text("sending.text"), buttons: [] }));
      let results;
      try {
        results = await Promise.all(pending);
      } catch (error) {
        return this.#fail(unexpected(error), attempt.sessionId);
      }
      if (this.#state !== "sending") return;
      const known = results.find((result) => typeof result?.again === "boolean");
      if (known) ({ again, hints = [] } = known);
    }
    if (!this.#move("done")) return;
    this.#showMessage(() => {
      if (!again) return { title: this.#text("ended.title"), text: this.#text("ended.text"), mark: "good", buttons: [] };
      const tips = tipsOf(this.#view.words, hints);
      const text = this.#text(tips.length > 0 ? "again.tips" : "again.text");
      return { title: this.#text("again.title"), text, todo: tips, mark: "other", buttons: this.#buttonsAfter() };
    });
  }

  #fail(error, sessionId) {
    if (!this.#move("fail")) return;
    this.#showMessage(() => ({
      ...errorTexts(this.#view.words, error),
      isOrdered: true,
      mark: "other",
      code: error.code,
      buttons: this.#buttonsAfter(error.code !== "insecure_context"),
    }));
    this.#emit("error", { code: error.code, reason: error.reason, sessionId });
    if (error.cause) console.warn(`livegate-check: ${error.message}:`, error.cause);
  }

  #showMessage(message) {
    const hasFocus = this.shadowRoot.activeElement !== null;
    this.#view.message(message, { takesFocus: hasFocus });
  }

  #showStart() {
    if (!this.#hasWords) return;
    // Given a new session, a check that is over can begin again.
    if (["ended", "error", "cancelled"].includes(this.#state)) this.#move("reset");
    if (this.#state !== "start") return;
    this.#view.message(
      () => ({
        title: this.#text("start.title"),
        text: this.#text("start.text"),
        todo: this.#view.words.list("start.tip"),
        drawing: "CENTER",
        slot: "start",
        buttons: [
          { label: this.#text("button.start"), action: () => this.start(), isPrimary: true, part: "start" },
          ...this.#moreTimeButton(),
          ...this.#speakButton(),
          ...this.#otherWayButton(),
        ],
      }),
      { takesFocus: this.shadowRoot.activeElement !== null },
    );
    this.#view.speech.hush();
  }

  #moreTimeButton() {
    if (this.#options().mode === "interactive" && typeof this.#session !== "function") return [];
    const toggle = () => {
      this.#wantsMoreTime = !this.#wantsMoreTime;
      this.#view.redraw();
    };
    return [{ label: this.#text("button.more_time"), action: toggle, isPressed: this.#wantsMoreTime, part: "more-time" }];
  }

  #speakButton() {
    if (!Speech.isPossible) return [];
    const { speech } = this.#view;
    const toggle = () => {
      speech.isAloud = !speech.isAloud;
      this.#view.redraw();
    };
    return [{ label: this.#text("button.speak"), action: toggle, isPressed: speech.isAloud, part: "speak" }];
  }

  #otherWayButton() {
    if (!this.hasAttribute("another-way")) return [];
    const leave = () => {
      this.stop();
      this.#emit("another-way", {});
    };
    return [{ label: this.#text("button.another_way"), action: leave, part: "another-way" }];
  }

  #buttonsDuring() {
    const cancel = { label: this.#text("button.cancel"), action: () => this.stop(), part: "cancel" };
    return [cancel, ...this.#speakButton(), ...this.#otherWayButton()];
  }

  #buttonsAfter(mayRetry = true) {
    const retry = { label: this.#text("button.retry"), action: () => this.retry(), isPrimary: true, part: "retry" };
    return [...(mayRetry && this.#canRetry ? [retry] : []), ...this.#otherWayButton()];
  }

  #text(name) {
    return this.#view.words.text(name);
  }

  #onKey(event) {
    if (event.key !== "Escape" || event.defaultPrevented || !isActive(this.#state)) return;
    event.preventDefault();
    this.stop();
  }

  #chooseCamera(deviceId) {
    this.#deviceId = deviceId;
    this.#attempt?.switchCamera(deviceId);
  }

  async #speakLanguage(isFirst = false) {
    const tag = this.lang || this.closest("[lang]")?.lang || navigator.language;
    const number = (this.#wantedLanguage += 1);
    try {
      const words = await loadWords(tag, filesFolder);
      // Another language was wanted meanwhile, or the element is gone.
      if (number !== this.#wantedLanguage || !this.isConnected) return;
      this.#view.words = words;
    } catch (cause) {
      if (this.#hasWords || !this.isConnected) return;
      this.#emit("error", { code: "network", reason: "words", sessionId: null });
      console.warn("livegate-check: no language could be loaded:", cause);
      return;
    }
    if (!isFirst && this.#hasWords) return;
    this.#hasWords = true;
    this.#showStart();
    this.#emit("ready", {});
    if (this.hasAttribute("auto-start")) this.start();
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(`livegate-${name}`, { detail, bubbles: true, composed: true }));
  }
}

const shown = new Set();

/** The service that serves these files: at `/web/`, or at `/web/` and a version. @param {URL} files */
function serviceOf(files) {
  return files.href.replace(/\/web\/([0-9a-f]{16}\/)?$/, "/");
}

/** A base address must end with a slash, or its last part would be replaced. */
function folder(address) {
  return address.endsWith("/") ? address : `${address}/`;
}

/** A fault of this code, or a rejected promise of the page: the person cannot do anything about either. */
function unexpected(error) {
  return new CheckError(error?.code === "network" ? "network" : "server", "", error);
}
