// The API key: typed by the person, or lent by the server to a page on the same machine. It is kept in memory only.

const field = document.getElementById("key");
const part = document.getElementById("key-part");
const problem = document.getElementById("key-error");
const show = document.getElementById("key-show");

/** A lent key is asked for anew before it ends, ms. */
const MARGIN_MS = 60_000;

export class Key {
  #isLent = document.body.dataset.lendsKey === "yes";
  #lent = { key: "", until: 0 };
  /** Called when a key was typed. */
  onChange = () => {};

  /** Called when Enter was pressed in the field. */
  onEnter = () => {};

  constructor() {
    part.hidden = this.#isLent;
    part.addEventListener("submit", (event) => {
      event.preventDefault();
      this.onEnter();
    });
    field.addEventListener("input", () => this.#clear());
    field.addEventListener("change", () => this.value !== "" && this.onChange());
    show.addEventListener("click", () => {
      const isShown = field.type === "password";
      field.type = isShown ? "text" : "password";
      show.setAttribute("aria-pressed", String(isShown));
    });
  }

  get value() {
    return this.#isLent ? this.#lent.key : field.value.trim();
  }

  /** Whether there is a key; tells the person if not. */
  async isThere() {
    if (this.#isLent) await this.#borrow();
    if (this.value === "") this.refuse("Enter an API key first.");
    return this.value !== "";
  }

  /** Tells the person what is wrong with the key. */
  refuse(text) {
    part.hidden = false;
    problem.textContent = text;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  async #borrow() {
    if (Date.now() < this.#lent.until - MARGIN_MS) return;
    const response = await fetch("/demo/key", { method: "POST", cache: "no-store" }).catch(() => null);
    const answer = response?.ok ? await response.json() : null;
    // Opened through a proxy or from another machine, the page gets none: then the person types one.
    if (!answer) this.#isLent = false;
    else this.#lent = { key: answer.key, until: Date.now() + 1000 * answer.expires_in_seconds };
  }

  #clear() {
    problem.textContent = "";
    field.removeAttribute("aria-invalid");
  }
}
