// Shows the verdict of either API as a card: the answer, its reasons in plain words with their codes,
// the scores, and what was measured compared with what was required.

import { element } from "./dom.js";
import { actionName, finding, reason, state, unit, why } from "./words.js";

/**
 * @param {object} verdict
 * @param {boolean} verdict.isLive
 * @param {object} verdict.answer the server's answer
 * @param {object} verdict.session as it was created
 * @param {object | null} verdict.payload what was sent to verify; null for a live session
 * @param {number | null} verdict.tookMs time of the verify with its way there and back
 * @returns {HTMLElement[]}
 */
export function verdictCard({ isLive, answer, session, payload, tookMs }) {
  const title = payload ? (isLive ? "Verified" : "Not verified") : isLive ? "Live" : "Not live";
  const facts = payload ? captureFacts(answer, session, payload, tookMs) : sessionFacts(answer);
  const parts = [headline(isLive, title), reasons(answer)];
  const picture = bestFrame(answer);
  const scores = section("Scores", table(["Name", "Value"], [...scoreRows(answer), ...facts]));
  parts.push(picture ? element("div", { class: "beside" }, scores, picture) : scores);
  const failed = rejectionRows(answer.rejection_details ?? {});
  if (failed.length > 0) {
    parts.push(section("Why it was rejected", table(["Check", "Measured", "Needed", "Remark"], failed)));
  }
  parts.push(raw(answer));
  return parts;
}

function headline(isLive, title) {
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  mark.setAttribute("viewBox", "0 0 64 64");
  mark.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(mark.namespaceURI, "path");
  shape.setAttribute("d", isLive ? "M17 33l10 10l20 -21" : "M21 21l22 22M43 21l-22 22");
  mark.append(shape);
  return element("div", { class: "headline" }, mark, element("h2", { tabindex: "-1" }, title));
}

function reasons({ reason_codes: codes = [], state: ended }) {
  if (codes.length === 0) return element("p", {}, state(ended));
  const items = codes.map((code) =>
    element("li", { "data-reason": code }, reason(code), " ", element("code", {}, code)),
  );
  return element("ul", { class: "reasons" }, ...items);
}

const SCORES = [
  ["confidence", "Confidence"],
  ["anti_spoof_avg_score", "Anti-spoofing score, mean"],
  ["same_person_score", "Same-person score"],
];

function scoreRows(answer) {
  // Null: there was no measurement. Absent: this answer does not have the field.
  const known = SCORES.filter(([field]) => answer[field] !== undefined);
  return known.map(([field, label]) => [label, number(answer[field])]);
}

/** `rejection_details` is flat: a measured value and its threshold are two fields. */
const SHORTFALLS = [
  ["anti_spoof_avg_score", "threshold", "Anti-spoofing"],
  ["same_person_score", "same_person_threshold", "Same person"],
  ["face_detection_ratio", "required_ratio", "Share of frames with a face"],
];

function rejectionRows(details) {
  const rows = [];
  const shown = new Set(["failed_actions", "completed_actions", "evidence", "poor_frames"]);
  for (const [measured, required, label] of SHORTFALLS) {
    shown.add(measured).add(required);
    if (details[required] !== undefined) {
      rows.push([label, number(details[measured]), `at least ${number(details[required])}`, ""]);
    }
  }
  for (const failed of details.failed_actions ?? []) {
    const required = number(failed.required === null ? null : Math.abs(failed.required), unit(failed.unit));
    rows.push([actionName(failed.action), measured(failed), required, why(failed.why)]);
  }
  if (details.completed_actions?.length > 0) {
    rows.push(["Done as asked", details.completed_actions.map(actionName).join(", "), "–", ""]);
  }
  for (const poor of details.poor_frames ?? []) {
    rows.push([finding(poor.reason), number(poor.measured), number(poor.required), poor.text]);
  }
  for (const found of details.evidence ?? []) {
    rows.push([finding(found.name), number(found.measured), number(found.required), found.text]);
  }
  // A newer server may send names that this page does not know.
  for (const [field, value] of Object.entries(details)) {
    const text = typeof value === "number" ? number(value) : JSON.stringify(value);
    if (!shown.has(field)) rows.push([field, text, "–", ""]);
  }
  return rows;
}

/** A measured angle without its sign, which says the side: of the movement, or of the other one. */
function measured({ measured: value, required, unit: name }) {
  if (name !== "degrees" || value === null || required === null) return number(value, unit(name));
  const isOtherSide = value !== 0 && Math.sign(value) !== Math.sign(required);
  return `${number(Math.abs(value), unit(name))}${isOtherSide ? " the other way" : ""}`;
}

/** A number with three decimals at most; a dash for null. */
function number(value, suffix = "") {
  if (value === null || value === undefined) return "–";
  return `${Math.round(value * 1000) / 1000}${suffix}`;
}

function table(headings, rows) {
  const head = element("tr", {}, ...headings.map((heading) => element("th", { scope: "col" }, heading)));
  const body = rows.map(([name, ...values]) => {
    const cells = values.map((value, i) => element("td", { "data-label": headings[i + 1] }, value));
    return element("tr", {}, element("th", { scope: "row" }, name), ...cells);
  });
  const wide = headings.length > 2 ? "wide" : "";
  return element("table", { class: wide }, element("thead", {}, head), element("tbody", {}, ...body));
}

function section(title, ...content) {
  return element("section", {}, element("h3", {}, title), ...content);
}

function bestFrame(answer) {
  if (!answer.best_frame_b64) return null;
  const source = `data:image/jpeg;base64,${answer.best_frame_b64}`;
  const alt = "The frame that the server found best: the sharpest one that faces the camera";
  const caption = `Best frame, number ${answer.best_frame_index}. Shown from memory only.`;
  return element(
    "figure",
    {},
    element("img", { src: source, alt }),
    element("figcaption", { class: "small" }, caption),
  );
}

/** The answer as an integrator gets it, without the fields that fill pages. */
function raw(answer) {
  const short = (key, value) => {
    if (key === "embedding") return `(${value.length} numbers)`;
    if (key === "best_frame_b64") return `(JPEG, ${Math.round((value.length * 3) / 4096)} KiB)`;
    return value;
  };
  return element(
    "details",
    {},
    element("summary", {}, "The server's answer"),
    element("pre", { tabindex: "0" }, JSON.stringify(answer, short, 2)),
  );
}

/** Facts of a live session. */
function sessionFacts(answer) {
  const total = answer.challenges?.length ?? 0;
  const facts = [["Session state", answer.state]];
  if (total > 0) facts.push(["Challenges passed", `${total - answer.challenges_remaining} of ${total}`]);
  return facts;
}

/** Facts of a capture. */
function captureFacts(answer, session, payload, tookMs) {
  const sent = payload.frames ? `${payload.frames.length} sent` : "a clip";
  return [
    ["Movements", session.challenge.map(actionName).join(", ")],
    ["Frames with a face", `${answer.frames_analyzed ?? "–"} of ${sent}`],
    ["Time on the server", `${answer.processing_time_ms} ms`],
    ["Time with the way there and back", `${Math.round(tookMs)} ms`],
  ];
}
