// The oval for the face, whose line fills as a movement progresses. The SVG's picture is 100 by 100.

import { shape } from "./dom.js";

/** Its middle and half axes. */
const OVAL = { x: 50, y: 49, across: 30, along: 41 };

/** Points of the oval: where the filling of a challenge starts. The preview is a mirror, so one's own left is left. */
const STARTS = {
  TURN_LEFT: [-1, 0],
  TURN_RIGHT: [1, 0],
  LOOK_UP: [0, -1],
  LOOK_DOWN: [0, 1],
};

const point = ([x, y]) => `${OVAL.x + x * OVAL.across} ${OVAL.y + y * OVAL.along}`;
const arc = (from, to, sweep) => `M${point(from)}A${OVAL.across} ${OVAL.along} 0 0 ${sweep} ${point(to)}`;

export class Oval {
  #fills;

  constructor() {
    const [left, right] = [[-1, 0], [1, 0]];
    const whole = `${arc(left, right, 1)}A${OVAL.across} ${OVAL.along} 0 0 1 ${point(left)}z`;
    this.#fills = [0, 1].map(() => shape("path", { class: "fill", pathLength: 100 }));
    this.element = shape(
      "svg",
      { class: "oval", part: "oval", viewBox: "0 0 100 100", "aria-hidden": "true" },
      shape("path", { class: "shade", d: `M-300-300h700v700h-700z${whole}` }),
      shape("path", { class: "line", d: whole }),
      ...this.#fills,
    );
    this.begin("");
  }

  /** Empties the line for a challenge. @param {string} challenge its type */
  begin(challenge) {
    const start = STARTS[challenge] ?? [0, 1];
    const end = start.map((value) => -value);
    for (const [i, fill] of this.#fills.entries()) fill.setAttribute("d", arc(start, end, i));
    this.progress = 0;
  }

  /** @param {number} progress 0 to 1: both halves of the line meet at 1 */
  set progress(progress) {
    for (const fill of this.#fills) {
      fill.style.strokeDashoffset = String(100 - 100 * progress);
      // A round end would show as a dot.
      fill.style.visibility = progress > 0.02 ? "visible" : "hidden";
    }
  }
}
