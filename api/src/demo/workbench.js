// The view of a running session: camera, oval, instruction, progress, countdown, hint. Both tabs have
// one. It shows what it is told to and does not call the API.

import { announce, announceHint, hush } from "./announce.js";
import { element } from "./dom.js";
import { picture } from "./pictures.js";
import { wait } from "./time.js";

/** A hint that flickers cannot be read: each stays, or stays away, this long unless a challenge passes. */
const HINT_STAYS_MS = 700;
const COUNTDOWN_EVERY_MS = 100;
const TICK_SHOWS_MS = 900;

/**
 * @typedef {"idle" | "camera" | "running" | "sending" | "ended" | "error"} State
 * The state of the panel. The styles show and hide parts by it, and tests wait for it.
 */

export class Workbench {
  #panel;
  #parts = {};
  #countdown = 0;
  #tick = 0;
  #hintSince = 0;

  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.#panel = panel;
    panel.append(document.getElementById("workbench").content.cloneNode(true));
    for (const part of panel.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
  }

  get video() {
    return this.#parts.video;
  }

  get panel() {
    return this.#panel;
  }

  part(name) {
    return this.#parts[name];
  }

  /** @param {State} state */
  set state(state) {
    this.#panel.dataset.state = state;
    if (state === "running") return;
    this.countDown(null);
    this.#showHint(null);
    this.confidence(null);
  }

  get state() {
    return this.#panel.dataset.state;
  }

  /** Takes the camera's shape, so that the oval lies where the face is. */
  fit({ width, height }) {
    this.#parts.stage.style.setProperty("--ratio", width / height);
  }

  /**
   * Shows what to do, and announces it.
   *
   * @param {{instruction: string, detail?: string, drawing?: string, step?: number, steps?: number,
   *   lead?: string, said?: string}} task `step` counts from 1; `lead` stands before the step, and is
   *   announced before the instruction
   */
  task({ instruction, detail = "", drawing = "CENTER", step = 0, steps = 0, lead = "", said }) {
    const parts = this.#parts;
    parts.instruction.textContent = instruction;
    parts.detail.textContent = detail;
    parts.drawing.replaceChildren(picture(drawing));
    const count = step > 0 ? `Step ${step} of ${steps}` : "";
    parts.step.textContent = [lead, count].filter(Boolean).join(" · ");
    const segments = Array.from({ length: steps }, (_, i) =>
      element("li", { "data-is": i + 1 < step ? "done" : i + 1 === step ? "now" : "ahead" }),
    );
    parts.segments.replaceChildren(...segments);
    announce(said ?? [lead, count, instruction, detail].filter(Boolean).join(". "));
  }

  /**
   * Shows a hint, or with null that there is none, unless the last one has just come.
   *
   * @param {{text: string, tone: "good" | "fix"} | null} hint
   */
  hint(hint) {
    const shown = this.#parts.hint;
    // Passed on every time: the announcer decides when it was silent for long enough.
    if (hint) announceHint(hint.text);
    if (shown.textContent === (hint?.text ?? "")) return;
    if (performance.now() - this.#hintSince >= HINT_STAYS_MS) this.#showHint(hint);
  }

  #showHint(hint) {
    const { hint: shown, stage } = this.#parts;
    this.#hintSince = performance.now();
    shown.hidden = !hint;
    shown.textContent = hint?.text ?? "";
    shown.dataset.tone = stage.dataset.tone = hint?.tone ?? "";
  }

  /** @param {number | null} confidence 0 to 1; a challenge passes at 0.5. Null hides the bar. */
  confidence(confidence) {
    this.#parts.confidence.hidden = confidence === null;
    const percent = Math.round(100 * (confidence ?? 0));
    this.#parts["confidence-number"].textContent = `${percent}%`;
    this.#parts.bar.setAttribute("aria-valuenow", percent);
    this.#parts.fill.style.transform = `scaleX(${percent / 100})`;
    this.#parts.fill.dataset.enough = percent >= 50;
  }

  /**
   * Counts down to a moment of `performance.now()`. Null removes the countdown.
   *
   * @param {{until: number, seconds: number} | null} clock `seconds`: the time that a full ring stands for
   */
  countDown(clock) {
    clearInterval(this.#countdown);
    const { countdown, seconds, ring } = this.#parts;
    countdown.hidden = clock === null;
    if (clock === null) return;
    const show = () => {
      const left = Math.max(0, (clock.until - performance.now()) / 1000);
      seconds.textContent = Math.ceil(left);
      ring.setAttribute("stroke-dashoffset", 100 - Math.min(100, (100 * left) / clock.seconds));
      countdown.dataset.low = clock.seconds > 4 && left <= 3;
    };
    show();
    this.#countdown = setInterval(show, COUNTDOWN_EVERY_MS);
  }

  /** Shows a countdown, and returns when it has ended. */
  async pause(ms, signal) {
    this.countDown({ until: performance.now() + ms, seconds: ms / 1000 });
    await wait(ms, signal);
    this.countDown(null);
  }

  /** Shows what to do until there is a camera. @param {string} promise what happens to the pictures */
  askForCamera(promise) {
    this.state = "camera";
    this.task({ instruction: "Allow the camera", detail: `The browser may ask for it. ${promise}` });
    // The element that had the focus is hidden now, so the focus must move.
    this.#parts.instruction.focus({ preventScroll: true });
    this.#parts.task.scrollIntoView({ block: "nearest" });
  }

  /** Shows that the server is busy, and counts down. @param {string} why the server's sentence */
  async sayWait(seconds, why, signal) {
    this.task({ instruction: "The server asks to wait", detail: why });
    await this.pause(1000 * seconds, signal);
  }

  /** Shows a tick over the picture for a moment. */
  passed() {
    const { tick, stage } = this.#parts;
    clearTimeout(this.#tick);
    this.#showHint(null);
    tick.removeAttribute("hidden");
    stage.dataset.passed = "";
    this.#tick = setTimeout(() => {
      tick.setAttribute("hidden", "");
      delete stage.dataset.passed;
    }, TICK_SHOWS_MS);
  }

  /** @param {import("./words.js").Problem} problem @param {{label: string, action: () => void}[]} buttons */
  showProblem(problem, buttons) {
    const heading = element("h2", { tabindex: "-1" }, problem.title);
    this.#parts.problem.replaceChildren(
      heading,
      element("p", {}, problem.text),
      element("ol", {}, ...problem.todo.map((step) => element("li", {}, step))),
      element("p", { class: "small" }, "Code: ", element("code", {}, problem.code)),
      buttonRow(buttons),
    );
    this.#panel.dataset.error = problem.code;
    this.state = "error";
    bringIntoView(heading, this.#parts.problem);
  }

  /** @param {HTMLElement[]} content begins with a heading that takes the focus */
  showVerdict(isLive, content, buttons) {
    this.#parts.verdict.replaceChildren(...content, buttonRow(buttons));
    this.#panel.dataset.verdict = isLive ? "live" : "not_live";
    this.state = "ended";
    bringIntoView(this.#parts.verdict.querySelector("h2"), this.#parts.verdict);
  }

  /** Removes everything of the last session. */
  clear() {
    const { verdict, problem, tick, stage } = this.#parts;
    verdict.replaceChildren();
    problem.replaceChildren();
    clearTimeout(this.#tick);
    tick.setAttribute("hidden", "");
    delete stage.dataset.passed;
    delete this.#panel.dataset.error;
    delete this.#panel.dataset.verdict;
  }
}

/** Moves the focus to what has just appeared, and scrolls as much of it into view as fits. */
function bringIntoView(heading, card) {
  hush();
  heading.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function buttonRow(buttons) {
  const made = buttons.map(({ label, action }, i) => {
    const button = element("button", { type: "button", class: i === 0 ? "primary" : "" }, label);
    button.addEventListener("click", action);
    return button;
  });
  return element("p", { class: "buttons" }, ...made);
}
