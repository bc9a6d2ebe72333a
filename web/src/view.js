// What is seen of a check. It shows what it is told to, and calls back for buttons; it knows no camera and no
// service.

import { element, shape } from "./dom.js";
import { drawing } from "./drawings.js";
import { Oval } from "./oval.js";
import { HintKeeper } from "./pacing.js";
import { Speech } from "./speech.js";

/** How long a passed step shows its tick, ms. */
const TICK_SHOWS_MS = 900;
/** How often the time left is drawn, ms. */
const TIME_EVERY_MS = 250;
/** States in which the camera's picture is shown. */
const WITH_PICTURE = ["opening", "ready", "running"];

/**
 * @typedef {{label: string, action: () => void, isPrimary?: boolean, isPressed?: boolean, part: string}} Button
 */

export class View {
  #parts = {};
  #words = null;
  #hints = new HintKeeper();
  #tick = 0;
  #clock = 0;
  #render = () => {};

  /** @param {ShadowRoot} root @param {(deviceId: string) => void} onCamera another camera was chosen */
  constructor(root, onCamera) {
    const parts = this.#parts;
    const part = (name, tag, attributes = {}, ...children) => {
      parts[name] = element(tag, { part: name, class: name, ...attributes }, ...children);
      return parts[name];
    };
    this.oval = new Oval();
    parts.tick = shape(
      "svg",
      { class: "tick", part: "tick", viewBox: "0 0 64 64", "aria-hidden": "true" },
      shape("circle", { cx: 32, cy: 32, r: 30 }),
      shape("path", { d: "M19 33l9 9l18 -19" }),
    );
    parts.video = element("video", { part: "video", playsinline: "", muted: "", tabindex: "-1" });
    parts.video.muted = true;
    parts.cameraSelect = element("select", { part: "camera" });
    parts.cameraSelect.addEventListener("change", () => onCamera(parts.cameraSelect.value));
    const stage = part("stage", "div", {}, parts.video, this.oval.element, parts.tick, part("wait", "p"), part("hint", "p"));
    // The time is not announced: it would press. A reader who asks for it gets it.
    part("time", "div", { role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, element("div"));
    const instruction = part("instruction", "h2", { tabindex: "-1" });
    const texts = element("div", {}, part("step", "p"), instruction, part("detail", "p"));
    part("task", "div", {}, part("steps", "ol", { "aria-hidden": "true" }), part("order", "div", {}, part("picture", "div"), texts), parts.time);
    part("cameras", "label", {}, part("cameraLabel", "span"), parts.cameraSelect);
    part("tools", "div", {}, part("actions", "div"), parts.cameras);
    parts.actions.className = "buttons";
    part("message", "div");
    part("card", "div", { role: "group" }, parts.task, stage, parts.tools, parts.message);
    const spoken = element("div", { class: "spoken", role: "status", "aria-live": "polite" });
    this.speech = new Speech(spoken);
    root.append(parts.card, spoken);
    parts.video.addEventListener("resize", () => this.#fit());
    this.showState("start");
    this.tick(false);
    parts.hint.hidden = true;
    this.time(null);
  }

  get video() {
    return this.#parts.video;
  }

  /** The element that shows everything, for its state and language. */
  get card() {
    return this.#parts.card;
  }

  /** Sets the language, and shows again what is shown. @param {import("./words.js").Words} words */
  set words(words) {
    this.#words = words;
    const { card, video, cameraLabel, time } = this.#parts;
    card.lang = words.language;
    card.dir = words.direction;
    card.setAttribute("aria-label", words.text("start.title"));
    video.setAttribute("aria-label", words.text("camera.preview"));
    cameraLabel.textContent = words.text("camera.select");
    time.setAttribute("aria-label", words.text("time.label"));
    this.speech.language = words.language;
    this.#render();
  }

  get words() {
    return this.#words;
  }

  /** Shows again what is shown: a button has changed. */
  redraw() {
    this.#render();
  }

  /** @param {import("./machine.js").State} state */
  showState(state) {
    const { card, stage, task, tools, message } = this.#parts;
    card.dataset.state = state;
    const hasPicture = WITH_PICTURE.includes(state);
    stage.hidden = task.hidden = tools.hidden = !hasPicture;
    message.hidden = hasPicture;
    if (state === "running") return;
    this.time(null);
    this.hint("");
    this.#hints.clear();
  }

  /** Takes the camera's shape; a phone that is turned changes it. */
  #fit() {
    const { video, stage } = this.#parts;
    if (video.videoWidth > 0) stage.style.setProperty("--ratio", String(video.videoWidth / video.videoHeight));
  }

  /** Shows a text in place of the camera's picture. @param {string} text empty: the picture is there */
  waitFor(text) {
    this.#parts.wait.textContent = text;
    this.#parts.wait.hidden = text === "";
    this.oval.element.style.display = text === "" ? "" : "none";
    this.#fit();
  }

  /**
   * Shows what to do.
   *
   * @param {() => {instruction: string, detail?: string, drawing?: string, step?: number, steps?: number,
   *   said?: string, buttons: Button[]}} task gives the texts in the language of the moment; `step` counts from 1
   */
  task(task) {
    this.#render = () => this.#drawTask(task());
    this.#render();
    const { instruction, detail, step, steps, said } = task();
    const count = step ? this.#words.text("step", { step, steps }) : "";
    this.speech.say(said ?? [count, instruction, detail].filter(Boolean).join(" "));
  }

  #drawTask({ instruction, detail = "", drawing: name = "CENTER", step = 0, steps = 0, buttons }) {
    const { picture, actions, steps: list, ...parts } = this.#parts;
    parts.instruction.textContent = instruction;
    parts.detail.textContent = detail;
    parts.step.textContent = step > 0 ? this.#words.text("step", { step, steps }) : "";
    picture.replaceChildren(drawing(name));
    const marks = Array.from({ length: steps }, (_, i) =>
      element("li", { part: "mark", "data-is": i + 1 < step ? "done" : i + 1 === step ? "now" : "ahead" }),
    );
    list.replaceChildren(...marks);
    list.hidden = steps < 2;
    this.#setButtons(actions, buttons);
  }

  /** Moves the focus to the instruction, where it was inside: what had it is hidden. */
  focusTask() {
    this.#parts.instruction.focus({ preventScroll: true });
    // The instruction stands above the picture or beside it.
    this.#parts.card.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} name of a hint; empty: none */
  hint(name) {
    const shown = this.#hints.next(name, performance.now());
    const text = shown === "" ? "" : this.#words.text(`hint.${shown}`);
    const { hint, card } = this.#parts;
    if (hint.textContent !== text) {
      hint.textContent = text;
      hint.hidden = text === "";
      card.dataset.tone = text === "" ? "" : shown === "keep_going" ? "good" : "fix";
    }
    if (text !== "") this.speech.hint(text);
    return text === "" ? "" : shown;
  }

  /** Another challenge begins: the hint of the last one says nothing about it. */
  clearHint() {
    this.#hints.clear();
    this.hint("");
  }

  /** @param {{until: number, seconds: number} | null} clock `until`: a moment of `performance.now()` */
  time(clock) {
    clearInterval(this.#clock);
    const { time } = this.#parts;
    time.style.visibility = clock ? "visible" : "hidden";
    if (!clock) return;
    const show = () => {
      const left = Math.max(0, (clock.until - performance.now()) / 1000);
      const share = Math.min(1, left / clock.seconds);
      time.firstChild.style.transform = `scaleX(${share})`;
      time.setAttribute("aria-valuenow", String(Math.round(100 * share)));
      time.setAttribute("aria-valuetext", this.#words.text("time.left", { seconds: Math.ceil(left) }));
    };
    show();
    this.#clock = setInterval(show, TIME_EVERY_MS);
  }

  /** Shows that a step is passed. */
  tick(on = true) {
    const { tick } = this.#parts;
    clearTimeout(this.#tick);
    tick.style.display = on ? "" : "none";
    if (on) this.#tick = setTimeout(() => this.tick(false), TICK_SHOWS_MS);
  }

  /** @param {{deviceId: string, label: string}[]} cameras @param {string} current */
  cameras(cameras, current) {
    const { cameras: row, cameraSelect } = this.#parts;
    row.hidden = cameras.length < 2;
    const options = cameras.map(({ deviceId, label }, i) =>
      element("option", { value: deviceId }, label || `${this.#words.text("camera.select")} ${i + 1}`),
    );
    cameraSelect.replaceChildren(...options);
    cameraSelect.value = current;
  }

  /**
   * Shows a message in place of picture and task.
   *
   * @param {() => {title: string, text?: string, todo?: string[], isOrdered?: boolean, code?: string,
   *   mark?: "good" | "other", drawing?: string, slot?: string, buttons: Button[]}} message
   */
  message(message, { takesFocus }) {
    this.#render = () => this.#drawMessage(message());
    this.#render();
    const { title, text = "", todo = [] } = message();
    if (takesFocus) {
      // The heading is read when it gets the focus; an announcement would say it twice.
      this.speech.hush();
      this.#parts.message.querySelector("h2")?.focus({ preventScroll: true });
      this.#parts.card.scrollIntoView({ block: "nearest" });
    } else this.speech.say([title, text, ...todo].join(" "));
  }

  #drawMessage({ title, text = "", todo = [], isOrdered = false, code = "", mark, drawing: name, slot, buttons }) {
    const texts = [element("h2", { part: "title", tabindex: "-1" }, title)];
    if (text) texts.push(element("p", { part: "text" }, text));
    if (todo.length > 0) {
      texts.push(element(isOrdered ? "ol" : "ul", { part: "list" }, ...todo.map((step) => element("li", {}, step))));
    }
    if (code) texts.push(element("p", { class: "code", part: "code" }, element("code", {}, code)));
    const body = element("div", { class: "text" }, ...(name ? [drawing(name)] : []), ...(mark ? [sign(mark)] : []), ...texts);
    const row = element("div", { class: "buttons", part: "buttons" });
    this.#setButtons(row, buttons);
    const content = slot ? element("slot", { name: slot }, body) : body;
    this.#parts.message.replaceChildren(content, row);
  }

  #setButtons(row, buttons) {
    const made = buttons.map(({ label, action, isPrimary = false, part, isPressed }) => {
      const button = element("button", { type: "button", part: `button ${part ?? ""}`, class: isPrimary ? "primary" : "" }, label);
      button.dataset.action = part ?? "";
      if (isPressed !== undefined) button.setAttribute("aria-pressed", String(isPressed));
      button.addEventListener("click", action);
      return button;
    });
    const focused = row.getRootNode().activeElement?.dataset?.action;
    row.replaceChildren(...made);
    // A redraw must not take the focus from a button that is still there.
    if (focused) made.find((button) => button.dataset.action === focused)?.focus();
  }
}

function sign(kind) {
  const path = kind === "good" ? "M19 33l9 9l18 -19" : "M32 16v20M32 45v2";
  return shape(
    "svg",
    { class: "mark", "data-kind": kind, viewBox: "0 0 64 64", "aria-hidden": "true" },
    shape("circle", { cx: 32, cy: 32, r: 29 }),
    shape("path", { d: path }),
  );
}
