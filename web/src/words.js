// The texts in the person's language. One JSON file a language; a page can give more.

/** Languages with a file. */
export const LANGUAGES = ["en", "de", "fr", "es", "pt", "it", "nl", "pl", "tr", "ar", "hi", "zh"];
/** Files that are part of this one already; the service puts English here. */
const BUILT_IN = {};

const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur", "ps", "ku", "sd", "yi", "dv"];
const given = new Map();
const loaded = new Map();

/** Adds or replaces a language: texts that it lacks are English. */
export function giveLanguage(tag, texts) {
  given.set(tag.toLowerCase(), texts);
}

/** The language to use for a tag, as in `pt-BR`: the tag itself, its language, or English. Pure but for what was given. */
export function languageFor(tag) {
  const wanted = String(tag ?? "").toLowerCase();
  const [language] = wanted.split(/[-_]/);
  const known = (name) => given.has(name) || LANGUAGES.includes(name);
  return [wanted, language].find(known) ?? "en";
}

/** @returns {"rtl" | "ltr"} */
export function directionOf(language) {
  return RIGHT_TO_LEFT.includes(language.split(/[-_]/)[0]) ? "rtl" : "ltr";
}

/**
 * Loads a language. Where it cannot be loaded the texts are English.
 *
 * @param {string} tag @param {URL} base folder of this module's files
 * @returns {Promise<Words>}
 */
export async function loadWords(tag, base) {
  const language = languageFor(tag);
  const english = given.get("en") ?? (await textsOf("en", base));
  if (language === "en") return new Words("en", english);
  try {
    const own = LANGUAGES.includes(language) ? await textsOf(language, base) : {};
    return new Words(language, { ...english, ...own, ...given.get(language) });
  } catch {
    return new Words("en", english);
  }
}

async function textsOf(language, base) {
  if (BUILT_IN[language]) return BUILT_IN[language];
  const address = new URL(`i18n/${language}.json`, base).href;
  if (!loaded.has(address)) {
    const texts = fetch(address, { credentials: "omit" }).then((response) => {
      if (!response.ok) throw new Error(`${address}: ${response.status}`);
      return response.json();
    });
    loaded.set(address, texts);
    // Not remembered: the next try may succeed.
    texts.catch(() => loaded.delete(address));
  }
  return loaded.get(address);
}

/** Texts by name. */
export class Words {
  #texts;

  constructor(language, texts) {
    this.language = language;
    this.direction = directionOf(language);
    this.#texts = texts;
  }

  /** The text, with `{name}` replaced; empty without a text. @param {Record<string, string | number>} values */
  text(name, values = {}) {
    return (this.#texts[name] ?? "").replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
  }

  /** The steps of a list: `name.1`, `name.2` and so on. @returns {string[]} */
  list(name) {
    const steps = [];
    while (this.#texts[`${name}.${steps.length + 1}`]) steps.push(this.#texts[`${name}.${steps.length + 1}`]);
    return steps;
  }
}
