// Puts the page together: the key, the tabs, and for each tab a workbench and what runs in it.

import { announce } from "./announce.js";
import { ApiError, NetworkError, createApi } from "./api.js";
import { CameraError } from "./camera.js";
import { runCapture } from "./capture.js";
import { runLive } from "./live.js";
import { CaptureSettings, LiveSettings, SettingsError } from "./settings.js";
import { tabs } from "./tabs.js";
import { NETWORK_PROBLEM, apiProblem, cameraProblem, unexpectedProblem } from "./words.js";
import { Workbench } from "./workbench.js";

const address = new URLSearchParams(location.search);
const keyField = document.getElementById("key");
const keyError = document.getElementById("key-error");
// The key is kept in its input field only.
const api = createApi(() => keyField.value.trim());

const liveSettings = new LiveSettings(address);
const captureSettings = new CaptureSettings(address);

/** One tab: at most one run at a time, which can be ended from anywhere. */
class Attempt {
  #bench;
  #form;
  #prepare;
  #run;
  #controller = null;

  /**
   * @param {string} name of the panel
   * @param {() => object} prepare reads the settings
   * @param {(run: object) => Promise<{isLive: boolean, card: HTMLElement[]}>} run
   */
  constructor(name, prepare, run) {
    this.#bench = new Workbench(document.getElementById(`panel-${name}`));
    this.#form = document.getElementById(`${name}-settings`);
    this.#prepare = prepare;
    this.#run = run;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.start();
    });
    this.#bench.part("cancel").addEventListener("click", () => this.end("Cancelled."));
  }

  get panel() {
    return this.#bench.panel;
  }

  async start() {
    if (this.#controller || !hasKey()) return;
    let settings;
    const message = this.#bench.part("settings-error");
    message.textContent = "";
    this.#bench.part("notice").textContent = "";
    try {
      settings = this.#prepare();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      message.textContent = error.message;
      return;
    }
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    this.#bench.clear();
    document.body.dataset.busy = "";
    const buttons = [
      { label: "Try again", action: () => this.start() },
      { label: "Change settings", action: () => this.#showSettings() },
    ];
    try {
      const { isLive, card } = await this.#run({ bench: this.#bench, api, signal, ...settings });
      if (signal.aborted) return;
      this.#release();
      this.#bench.showVerdict(isLive, card, buttons);
    } catch (error) {
      // The code that ended the run has already shown what comes next.
      if (signal.aborted) return;
      this.#release();
      this.#bench.showProblem(problemOf(error), buttons);
    }
  }

  /**
   * Ends the run in progress and announces it; does nothing when nothing runs. The focus goes to the
   * settings, unless it has left the panel already.
   */
  end(text) {
    if (!this.#controller) return;
    const controller = this.#controller;
    this.#release();
    controller.abort();
    this.#showSettings();
    this.#bench.part("notice").textContent = text;
    announce(text);
  }

  #release() {
    this.#controller = null;
    delete document.body.dataset.busy;
  }

  #showSettings() {
    const hadFocus = this.panel.contains(document.activeElement);
    this.#bench.clear();
    this.#bench.state = "idle";
    if (hadFocus) this.#form.querySelector("[type=submit]").focus();
  }
}

function problemOf(error) {
  if (error instanceof CameraError) return cameraProblem(error.kind);
  if (error instanceof ApiError) return apiProblem(error);
  if (error instanceof NetworkError) return NETWORK_PROBLEM;
  console.error(error);
  return unexpectedProblem(error);
}

function hasKey() {
  const isThere = keyField.value.trim() !== "";
  if (!isThere) {
    keyError.textContent = "Enter an API key first.";
    keyField.setAttribute("aria-invalid", "true");
    keyField.focus();
  }
  return isThere;
}

const live = new Attempt("live", () => ({ query: liveSettings.query }), runLive);
const capture = new Attempt("capture", () => ({ actions: captureSettings.actions }), runCapture);
const attempts = [live, capture];

const selectTab = tabs(document.querySelector("[role=tablist]"), (leaving) => {
  attempts.find(({ panel }) => panel === leaving).end("Stopped, because the other tab was opened.");
});
if (location.hash === "#capture") selectTab(document.getElementById("tab-capture"));

// The camera is turned off when the page is hidden: nobody is filmed by a page that they do not see.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") endAll("Stopped, because this page was out of sight.");
});
window.addEventListener("pagehide", () => endAll("Stopped, because this page was left."));

function endAll(text) {
  for (const attempt of attempts) attempt.end(text);
}

keyField.addEventListener("input", () => {
  keyError.textContent = "";
  keyField.removeAttribute("aria-invalid");
});
keyField.addEventListener("keydown", (event) => {
  if (event.key === "Enter") attempts.find(({ panel }) => !panel.hidden).start();
});
// The first use of a key loads the presets, and shows a wrong key before the camera is asked for.
keyField.addEventListener("change", async () => {
  const key = keyField.value;
  if (key.trim() === "") return;
  try {
    liveSettings.presets = await api.presets();
  } catch (error) {
    const isCurrent = keyField.value === key;
    if (isCurrent && error instanceof ApiError && [401, 403].includes(error.status)) {
      keyError.textContent = error.message;
      keyField.setAttribute("aria-invalid", "true");
    }
  }
});

const show = document.getElementById("key-show");
show.addEventListener("click", () => {
  const isShown = keyField.type === "password";
  keyField.type = isShown ? "text" : "password";
  show.setAttribute("aria-pressed", isShown);
});
