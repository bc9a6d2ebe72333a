// The messages of a check, made of the words of a language.

/** Tips that may be shown after a failed try, by the service's `retry_hints`. Unknown ones are left out. */
export function tipsOf(words, hints) {
  return (Array.isArray(hints) ? hints : []).map((hint) => words.text(`tip.${hint}`)).filter(Boolean);
}

/**
 * Title, text and steps of an error: by its reason where that has texts of its own, else by its code.
 *
 * @param {import("./words.js").Words} words @param {{code: string, reason: string}} error
 */
export function errorTexts(words, { code, reason }) {
  const places = [reason && `error.${code}.${reason}`, reason === "in_app" && "error.in_app", `error.${code}`].filter(Boolean);
  const first = (ending) => places.map((place) => words.text(`${place}.${ending}`)).find(Boolean) ?? "";
  const todo = places.map((place) => words.list(`${place}.todo`)).find((steps) => steps.length > 0) ?? [];
  return { title: words.text(`error.${code}.title`), text: first("text"), todo };
}
