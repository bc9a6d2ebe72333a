// Settings of a session: read from the forms, and preset by the page's address, so that a demo or a
// test can be a link: /demo?challenges=TURN_LEFT,BLINK&timeout_seconds=20. The address never holds the
// key.

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

export class LiveSettings {
  #challenges = new Ticks(byId("challenges"), CHALLENGES);
  #presets = [];

  constructor(address) {
    byId("preset").addEventListener("change", () => {
      this.#ask("preset");
      this.#describe();
    });
    byId("num-challenges").addEventListener("input", () => this.#ask("random"));
    byId("challenges").addEventListener("change", () => this.#ask("explicit"));
    if (address.has("num_challenges")) {
      this.#ask("random");
      byId("num-challenges").value = address.get("num_challenges");
    }
    if (address.has("preset")) {
      this.#ask("preset");
      this.#choosePreset(address.get("preset"));
    }
    if (address.has("challenges")) {
      this.#ask("explicit");
      this.#challenges.chosen = address.get("challenges").toUpperCase().split(",");
    }
    if (address.has("timeout_seconds")) byId("timeout").value = address.get("timeout_seconds");
  }

  #ask(what) {
    byId(`ask-${what}`).checked = true;
  }

  #choosePreset(name) {
    const select = byId("preset");
    if (![...select.options].some((option) => option.value === name)) select.append(element("option", {}, name));
    select.value = name;
  }

  #describe() {
    const preset = this.#presets.find(({ name }) => name === byId("preset").value);
    byId("preset-note").textContent = preset?.description ?? "";
  }

  /** Shows the server's own list of presets, once there is a key to ask with. */
  set presets(presets) {
    this.#presets = presets;
    for (const { name } of presets) {
      const current = byId("preset").value;
      this.#choosePreset(name);
      byId("preset").value = current;
    }
    this.#describe();
  }

  /** @returns {Record<string, string>} the query of `POST /sessions` */
  get query() {
    const timeout = byId("timeout").value;
    return { ...this.#asked(), ...(timeout && { timeout_seconds: timeout }) };
  }

  #asked() {
    const asked = document.querySelector("input[name=ask]:checked").value;
    if (asked === "random") return { num_challenges: byId("num-challenges").value };
    if (asked === "preset") return { preset: byId("preset").value };
    const chosen = this.#challenges.chosen;
    if (chosen.length === 0) throw new SettingsError("Choose at least one challenge.");
    return { challenges: chosen.join(",") };
  }
}

export class CaptureSettings {
  #actions = new Ticks(byId("actions"), ACTIONS);

  constructor(address) {
    if (address.has("actions")) this.#actions.chosen = address.get("actions").toLowerCase().split(",");
  }

  /** @returns {string[]} */
  get actions() {
    const chosen = this.#actions.chosen;
    if (chosen.length === 1) throw new SettingsError("Choose two actions or more, or none.");
    return chosen;
  }
}
