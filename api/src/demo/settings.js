// Settings of a session: read from the form, and preset by the page's address, so that a demo or a test can be a
// link: /demo?challenges=TURN_LEFT,BLINK&timeout_seconds=20, /demo?mode=capture&lang=de. The address never holds
// the key.

import { element } from "./dom.js";
import { ACTIONS, CHALLENGES } from "./words.js";

const byId = (id) => document.getElementById(id);

/** Checkboxes whose order counts: each ticked one shows its place. */
class Ticks {
  #boxes = new Map();
  #order = [];

  /** @param {HTMLElement} group @param {Record<string, {name: string}>} options */
  constructor(group, options) {
    for (const [value, { name }] of Object.entries(options)) {
      const box = element("input", { type: "checkbox", value });
      const place = element("span", { class: "place", "aria-hidden": "true" });
      group.append(element("label", { class: "tickbox" }, box, element("span", {}, name), place));
      box.addEventListener("change", () => this.#toggle(value, box.checked));
      this.#boxes.set(value, { box, place });
    }
  }

  get chosen() {
    return [...this.#order];
  }

  /** Ticks these names; names that the page does not know are ignored. */
  set chosen(values) {
    this.#order = values.filter((value, i) => this.#boxes.has(value) && values.indexOf(value) === i);
    this.#show();
  }

  #toggle(value, isChosen) {
    this.#order = this.#order.filter((other) => other !== value);
    if (isChosen) this.#order.push(value);
    this.#show();
  }

  #show() {
    for (const [value, { box, place }] of this.#boxes) {
      const index = this.#order.indexOf(value);
      box.checked = index >= 0;
      place.textContent = index >= 0 ? index + 1 : "";
    }
  }
}

/** Settings that cannot be sent; the message says what to change. */
export class SettingsError extends Error {}

/** The component's languages, each by its own name. */
const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
  pt: "Português",
  it: "Italiano",
  nl: "Nederlands",
  pl: "Polski",
  tr: "Türkçe",
  ar: "العربية",
  hi: "हिन्दी",
  zh: "中文",
};

const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;
const choose = (name, value) => {
  const input = document.querySelector(`input[name=${name}][value="${CSS.escape(value)}"]`);
  if (input) input.checked = true;
};

export class Settings {
  #challenges = new Ticks(byId("challenges"), CHALLENGES);
  #actions = new Ticks(byId("actions"), ACTIONS);
  #check;

  /** @param {URLSearchParams} address @param {HTMLElement} check the component, which follows mode and language */
  constructor(address, check) {
    this.#check = check;
    byId("language").append(
      ...Object.entries(LANGUAGES).map(([value, name]) => element("option", { value, lang: value }, name)),
    );
    for (const [input, value] of [["num-challenges", "random"], ["preset", "preset"], ["challenges", "explicit"]]) {
      byId(input).addEventListener("input", () => choose("ask", value));
    }
    byId("settings").addEventListener("change", () => this.#apply());
    byId("settings").addEventListener("submit", (event) => event.preventDefault());
    this.#read(address);
    this.#apply();
  }

  #read(address) {
    const language = address.get("lang");
    if (language in LANGUAGES) byId("language").value = language;
    if (address.has("mode")) choose("mode", address.get("mode"));
    if (address.has("num_challenges")) byId("num-challenges").value = address.get("num_challenges");
    if (address.has("preset")) {
      choose("ask", "preset");
      this.#choosePreset(address.get("preset"));
    }
    if (address.has("challenges")) {
      choose("ask", "explicit");
      this.#challenges.chosen = address.get("challenges").toUpperCase().split(",");
    }
    if (address.has("actions")) this.#actions.chosen = address.get("actions").toLowerCase().split(",");
    // For tests whose camera is a film, which plays from the moment at which the camera is opened.
    if (address.has("ready_seconds")) this.#check.setAttribute("ready-seconds", address.get("ready_seconds"));
    if (address.has("timeout_seconds")) byId("timeout").value = address.get("timeout_seconds");
  }

  #choosePreset(name) {
    const select = byId("preset");
    if (![...select.options].some((option) => option.value === name)) select.append(element("option", {}, name));
    select.value = name;
  }

  /** Shows the server's own presets, once there is a key to ask with. */
  set presets(presets) {
    const select = byId("preset");
    const before = select.value;
    for (const { name } of presets) this.#choosePreset(name);
    select.value = before;
  }

  #apply() {
    const mode = chosen("mode");
    byId("settings").dataset.mode = mode;
    byId("settings").dataset.ask = chosen("ask");
    byId("settings-error").textContent = "";
    this.#check.setAttribute("mode", mode);
    this.#check.setAttribute("capture", byId("clip").checked ? "clip" : "frames");
    const language = byId("language").value;
    if (this.#check.lang !== language) this.#check.lang = language;
  }

  /**
   * The request that creates a session.
   *
   * @param {number} [timeoutSeconds] for each challenge, where the person wants more time
   * @returns {{query?: Record<string, string>, body?: object}}
   */
  request(timeoutSeconds) {
    if (chosen("mode") === "capture") {
      const actions = this.#actions.chosen;
      if (actions.length === 1) throw new SettingsError("Choose two actions or more, or none.");
      // The frames are the camera's own pixels; only the preview is mirrored.
      return { body: { mirrored: false, ...(actions.length > 0 && { actions }) } };
    }
    const timeout = timeoutSeconds ?? byId("timeout").value;
    return { query: { ...this.#asked(), ...(timeout && { timeout_seconds: timeout }) } };
  }

  #asked() {
    const asked = chosen("ask");
    if (asked === "random") return { num_challenges: byId("num-challenges").value };
    if (asked === "preset") return { preset: byId("preset").value };
    const challenges = this.#challenges.chosen;
    if (challenges.length === 0) throw new SettingsError("Choose at least one challenge.");
    return { challenges: challenges.join(",") };
  }
}
