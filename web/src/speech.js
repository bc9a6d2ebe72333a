// What is heard: announcements for screen readers, and on request the same texts spoken by the browser.

import { AnnouncementPacing } from "./pacing.js";

export class Speech {
  #region;
  #pacing = new AnnouncementPacing();
  #isAloud = false;

  /** @param {HTMLElement} region with `aria-live` */
  constructor(region) {
    this.#region = region;
    /** Language of what is spoken. */
    this.language = "en";
  }

  static get isPossible() {
    return "speechSynthesis" in window;
  }

  get isAloud() {
    return this.#isAloud;
  }

  set isAloud(on) {
    this.#isAloud = on && Speech.isPossible;
    if (!this.#isAloud) this.#silence();
  }

  /** Announces a text that must be heard. */
  say(text) {
    // A region that gets the same text again stays silent, so a space is added to make the text differ.
    this.#region.textContent = this.#region.textContent === text ? `${text}\u00a0` : text;
    this.#pacing.said(performance.now());
    this.#speak(text, true);
  }

  /** Announces a hint, unless something was announced just now. */
  hint(text) {
    if (!this.#pacing.mayHint(text, performance.now())) return;
    this.#region.textContent = text;
    this.#speak(text, false);
  }

  /** Empties the region, so that a reader who comes later finds no old text. */
  hush() {
    this.#region.textContent = "";
    this.#silence();
  }

  #speak(text, interrupts) {
    if (!this.#isAloud) return;
    if (interrupts) this.#silence();
    const spoken = new SpeechSynthesisUtterance(text);
    spoken.lang = this.language;
    window.speechSynthesis.speak(spoken);
  }

  #silence() {
    if (Speech.isPossible) window.speechSynthesis.cancel();
  }
}
