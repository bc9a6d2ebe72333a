// Drawings of the challenges, as a person sees themselves in the mirrored preview: a turn to one's own left
// goes to the left of the picture.

const SVG = "http://www.w3.org/2000/svg";

/** Builds an SVG element; the page's policy allows no markup from strings with styles in it. */
function svg(name, attributes, children = []) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const path = (d, extra = {}) => svg("path", { d, ...extra });
const solid = { class: "solid" };

const openEyes = () => [
  svg("circle", { cx: 49, cy: 56, r: 3.4, ...solid }),
  svg("circle", { cx: 71, cy: 56, r: 3.4, ...solid }),
];
const closedEyes = () => [
  path("M43 56q6 6 12 0"),
  path("M65 56q6 6 12 0"),
  path("M46 62l-2 3M52 62l1 3M68 62l-1 3M74 62l2 3"),
];
const brows = () => [path("M43 47q6 -4 12 0"), path("M65 47q6 -4 12 0")];
const nose = () => path("M60 58v10q-1 3 -4 3");
const mouth = () => path("M51 81q9 3 18 0");
const smile = () => path("M46 77q14 3 28 0q-3 14 -14 14t-14 -14z", { class: "accent-fill" });
const openMouth = () => svg("ellipse", { cx: 60, cy: 86, rx: 8, ry: 9.5, class: "accent-fill" });

/** An arrow from x, y; at 0 degrees it points right. The path itself is not turned: the styles move it along. */
function arrow(x, y, degrees) {
  const shape = path("M0 0h15M9 -6.5l6.5 6.5l-6.5 6.5");
  return svg("g", { class: "arrow", transform: `translate(${x} ${y}) rotate(${degrees})` }, [shape]);
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
      ? [path("M31 58q-6 -1 -5 7t7 8"), path("M89 58q6 -1 5 7t-7 8")]
      : // On a turned head the ear on the far side is hidden, and the near one moves into the face.
        [path(dx < 0 ? "M80 58q7 -4 8 4t-7 11" : "M40 58q-7 -4 -8 4t7 11")];
  return [outline, ...ears, features, ...more];
}

const DRAWINGS = {
  CENTER: () => head({ more: [path("M60 8v8M60 112v-4M8 64h8M112 64h-8", { class: "faint" })] }),
  TURN_LEFT: () => head({ dx: -12, more: [arrow(22, 64, 180)] }),
  TURN_RIGHT: () => head({ dx: 12, more: [arrow(98, 64, 0)] }),
  LOOK_UP: () => head({ dy: -12, more: [arrow(60, 19, 270)] }),
  LOOK_DOWN: () => head({ dy: 9, more: [arrow(60, 105, 90)] }),
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
export function picture(name) {
  const draw = DRAWINGS[name] ?? DRAWINGS.CENTER;
  return svg("svg", { viewBox: "2 1 116 122", class: "picture", "data-picture": name, "aria-hidden": "true" }, draw());
}
