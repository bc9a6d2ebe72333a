// Drawings of the challenges, as a person sees themselves in the mirrored preview: a turn to one's own left
// goes to the left of the picture.

import { shape } from "./dom.js";

const svg = (name, attributes, children = []) => shape(name, attributes, ...children);
const stroke = (d, extra = {}) => svg("path", { d, ...extra });
const solid = { class: "solid" };

const openEyes = () => [
  svg("circle", { cx: 49, cy: 56, r: 3.4, ...solid }),
  svg("circle", { cx: 71, cy: 56, r: 3.4, ...solid }),
];
const closedEyes = () => [
  stroke("M43 56q6 6 12 0"),
  stroke("M65 56q6 6 12 0"),
  stroke("M46 62l-2 3M52 62l1 3M68 62l-1 3M74 62l2 3"),
];
const brows = () => [stroke("M43 47q6 -4 12 0"), stroke("M65 47q6 -4 12 0")];
const nose = () => stroke("M60 58v10q-1 3 -4 3");
const mouth = () => stroke("M51 81q9 3 18 0");
const smile = () => stroke("M46 77q14 3 28 0q-3 14 -14 14t-14 -14z", { class: "accent-fill" });
const openMouth = () => svg("ellipse", { cx: 60, cy: 86, rx: 8, ry: 9.5, class: "accent-fill" });

/** An arrow from x, y; at 0 degrees it points right. The path itself is not turned: the styles move it along. */
function arrow(x, y, degrees) {
  const line = stroke("M0 0h15M9 -6.5l6.5 6.5l-6.5 6.5");
  return svg("g", { class: "arrow", transform: `translate(${x} ${y}) rotate(${degrees})` }, [line]);
}

/**
 * A head; `dx`, `dy` say where the face looks: its features move further than the head's outline,
 * like those of a ball that is turned.
 */
function head({ dx = 0, dy = 0, eyes = openEyes(), lips = mouth(), more = [] }) {
  const narrowed = dx === 0 ? "" : ` translate(60 0) scale(0.86 1) translate(-60 0)`;
  const features = svg("g", { transform: `translate(${dx} ${dy})${narrowed}` }, [...brows(), ...eyes, nose(), lips]);
  const outline = svg("ellipse", { cx: 60, cy: 64, rx: 29, ry: 37, class: "skin" });
  const ears =
    dx === 0
      ? [stroke("M31 58q-6 -1 -5 7t7 8"), stroke("M89 58q6 -1 5 7t-7 8")]
      : // On a turned head the ear on the far side is hidden, and the near one moves into the face.
        [stroke(dx < 0 ? "M80 58q7 -4 8 4t-7 11" : "M40 58q-7 -4 -8 4t7 11")];
  return [outline, ...ears, features, ...more];
}

const DRAWINGS = {
  CENTER: () => head({ more: [stroke("M60 8v8M60 112v-4M8 64h8M112 64h-8", { class: "faint" })] }),
  TURN_LEFT: () => head({ dx: -12, more: [arrow(20, 64, 180)] }),
  TURN_RIGHT: () => head({ dx: 12, more: [arrow(100, 64, 0)] }),
  LOOK_UP: () => head({ dy: -12, more: [arrow(60, 17, 270)] }),
  LOOK_DOWN: () => head({ dy: 9, more: [arrow(60, 106, 90)] }),
  BLINK: () => head({ eyes: closedEyes() }),
  SMILE: () => head({ lips: smile() }),
  OPEN_MOUTH: () => head({ lips: openMouth() }),
};

/**
 * The drawing of a challenge, or of a face that looks straight ahead. It shows nothing that the
 * instruction beside it does not say, so it is hidden from screen readers.
 *
 * @param {string} name a challenge of the interactive API, or `CENTER`
 * @returns {SVGElement}
 */
export function drawing(name) {
  const draw = DRAWINGS[name] ?? DRAWINGS.CENTER;
  return svg("svg", { viewBox: "-4 -4 128 132", class: "drawing", "aria-hidden": "true" }, draw());
}
