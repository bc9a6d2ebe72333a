// The styles of the component. They are set as a constructed style sheet, which a page's policy does not forbid.

export const STYLES = `
:host {
  --_accent: var(--livegate-accent, #0b6a63);
  --_on-accent: var(--livegate-on-accent, #ffffff);
  --_background: var(--livegate-background, #ffffff);
  --_text: var(--livegate-text, #14202a);
  --_muted: var(--livegate-muted, #4c5b67);
  --_line: var(--livegate-line, #7b8994);
  --_good: var(--livegate-good, #14713f);
  --_warn: var(--livegate-warn, #ffce6b);
  --_on-warn: var(--livegate-on-warn, #241900);
  --_skin: var(--livegate-skin, #fbe8d9);
  --_radius: var(--livegate-radius, 16px);
  --_tallest: var(--livegate-max-height, 100svh);
  display: block;
  container-type: inline-size;
  max-inline-size: 60rem;
  color: var(--_text);
  font: var(--livegate-font, 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  text-align: start;
  -webkit-text-size-adjust: 100%;
}
:host([hidden]) { display: none; }
@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"])) {
    --_accent: var(--livegate-accent, #5cd0bf);
    --_on-accent: var(--livegate-on-accent, #04211d);
    --_background: var(--livegate-background, #171e24);
    --_text: var(--livegate-text, #e7edf1);
    --_muted: var(--livegate-muted, #a5b3be);
    --_line: var(--livegate-line, #72818d);
    --_good: var(--livegate-good, #6fdc9c);
    --_skin: var(--livegate-skin, #2d363d);
  }
}
:host([theme="dark"]) {
  --_accent: var(--livegate-accent, #5cd0bf);
  --_on-accent: var(--livegate-on-accent, #04211d);
  --_background: var(--livegate-background, #171e24);
  --_text: var(--livegate-text, #e7edf1);
  --_muted: var(--livegate-muted, #a5b3be);
  --_line: var(--livegate-line, #72818d);
  --_good: var(--livegate-good, #6fdc9c);
  --_skin: var(--livegate-skin, #2d363d);
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, p, ul, ol { margin: 0; padding: 0; }
h2 { font-size: 1.375rem; line-height: 1.2; text-wrap: balance; }
h2:focus { outline: none; }
:focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; }

.card {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  grid-template-areas: "task" "stage" "tools";
  gap: 0.75rem;
  padding: 1rem;
  padding-inline: max(1rem, env(safe-area-inset-left)) max(1rem, env(safe-area-inset-right));
  padding-block-end: max(1rem, env(safe-area-inset-bottom));
  border-radius: var(--_radius);
  background: var(--_background);
}
.card > .message { grid-column: 1 / -1; }

/* The picture is always on a dark ground. It has the camera's shape, so that the oval lies where the face is. */
.stage {
  grid-area: stage;
  position: relative;
  isolation: isolate;
  justify-self: center;
  inline-size: min(100%, max(11rem, var(--_tallest) - 25rem) * var(--ratio, 1.3333));
  aspect-ratio: var(--ratio, 1.3333);
  overflow: hidden;
  border-radius: calc(var(--_radius) * 0.75);
  background: #10171c;
  color: #eef3f6;
}
.stage > * { position: absolute; }
video {
  inset: 0;
  inline-size: 100%;
  block-size: 100%;
  object-fit: cover;
  /* As in a mirror. Frames that are sent are not mirrored. */
  transform: scaleX(-1);
}
.oval { inset: 0; inline-size: 100%; block-size: 100%; }
.oval .shade { fill: rgb(9 14 18 / 50%); fill-rule: evenodd; }
.oval .line, .oval .fill { fill: none; stroke-linecap: round; }
.oval .line { stroke: rgb(255 255 255 / 85%); stroke-width: 0.9; }
.oval .fill { stroke: #4fd890; stroke-width: 2.4; stroke-dasharray: 100; stroke-dashoffset: 100; transition: stroke-dashoffset 0.2s linear; }
.card[data-tone="fix"] .line { stroke: var(--_warn); stroke-dasharray: 3 2; }
.wait { inset: 0; display: grid; place-content: center; padding: 1rem; text-align: center; }
.hint {
  inset: auto 0.5rem 0.5rem;
  inline-size: fit-content;
  margin-inline: auto;
  padding: 0.4rem 1rem;
  border-radius: 1.4rem;
  background: #c4f3d9;
  color: #06281a;
  font-weight: 600;
  text-align: center;
}
.card[data-tone="fix"] .hint { background: var(--_warn); color: var(--_on-warn); }
.tick { inset: auto 0 12%; inline-size: 4.5rem; margin: auto; }
.tick circle { fill: #1c8a50; }
.tick path { fill: none; stroke: #fff; stroke-width: 5; stroke-linecap: round; stroke-linejoin: round; }

.task { grid-area: task; display: grid; gap: 0.6rem; align-content: start; }
.steps { display: flex; gap: 0.35rem; list-style: none; }
.steps li { flex: 1; block-size: 0.5rem; border: 1px solid var(--_line); border-radius: 0.25rem; }
.steps li[data-is="now"] { border-color: var(--_accent); background: linear-gradient(90deg, var(--_accent) 50%, transparent 50%); }
.card[dir="rtl"] .steps li[data-is="now"] { background: linear-gradient(270deg, var(--_accent) 50%, transparent 50%); }
.steps li[data-is="done"] { border-color: var(--_accent); background: var(--_accent); }
.order { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.25rem 0.9rem; align-items: center; min-block-size: 6.5rem; }
.order p { color: var(--_muted); }
.detail { white-space: pre-line; }
.step { font-weight: 600; font-size: 0.9375rem; }
.time { block-size: 0.375rem; border-radius: 0.25rem; background: color-mix(in srgb, var(--_line) 30%, transparent); overflow: hidden; }
.time > div { block-size: 100%; border-radius: inherit; background: var(--_muted); transform-origin: left; }
.card[dir="rtl"] .time > div { transform-origin: right; }
.drawing { display: block; inline-size: 5.5rem; overflow: visible; fill: none; stroke: var(--_text); stroke-width: 2.6; stroke-linecap: round; stroke-linejoin: round; }
.drawing .skin { fill: var(--_skin); }
.drawing .solid { fill: var(--_text); stroke: none; }
.drawing .accent-fill { fill: var(--_accent); }
.drawing .faint { stroke: var(--_line); }
.drawing .arrow { stroke: var(--_accent); stroke-width: 4.5; }

.tools, .buttons { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: center; }
.tools { grid-area: tools; align-content: start; }
button, select {
  min-block-size: 44px;
  max-inline-size: 100%;
  padding: 0.5rem 1.1rem;
  border: 1.5px solid var(--_line);
  border-radius: 0.7rem;
  background: transparent;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
select { background: var(--_background); min-inline-size: 0; }
button.primary { border-color: var(--_accent); background: var(--_accent); color: var(--_on-accent); font-weight: 600; }
button[aria-pressed="true"] { border-color: var(--_accent); box-shadow: inset 0 0 0 1.5px var(--_accent); }
.cameras { display: flex; gap: 0.5rem; align-items: center; min-inline-size: 0; }

.message { display: grid; gap: 0.9rem; padding: 0.5rem; }
.message .text { display: grid; gap: 0.9rem; }
.message ul, .message ol { display: grid; gap: 0.4rem; padding-inline-start: 1.4rem; }
.message .drawing { inline-size: 7rem; }
.mark { inline-size: 3.5rem; fill: none; stroke-width: 5; stroke-linecap: round; stroke-linejoin: round; }
.mark circle { stroke-width: 3; }
.mark[data-kind="good"] { stroke: var(--_good); }
.mark[data-kind="other"] { stroke: var(--_muted); }
.code { color: var(--_muted); font-size: 0.875rem; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.spoken { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

/* Room for two columns: the instruction beside the picture. */
@container (min-width: 42rem) {
  .card { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); grid-template-areas: "stage task" "stage tools"; grid-template-rows: auto 1fr; gap: 1rem 1.5rem; padding: 1.25rem; }
  .stage { inline-size: min(100%, max(11rem, var(--_tallest) - 4rem) * var(--ratio, 1.3333)); }
  .order { grid-template-columns: minmax(0, 1fr); min-block-size: 15rem; align-content: start; }
  .order .drawing { inline-size: 9rem; }
  .message { padding: 1rem; }
  .message .text:has(> .drawing) { grid-template-columns: auto minmax(0, 1fr); column-gap: 2rem; }
  .message .text > .drawing { grid-row: 1 / 4; inline-size: 10rem; }
}
/* A small screen, or large text: the picture of the camera comes first. */
@container (max-width: 22rem) {
  .order { min-block-size: 0; }
  .order .drawing { inline-size: 3.5rem; }
  .card[data-state="running"] .detail { display: none; }
  .stage { inline-size: min(100%, max(11rem, var(--_tallest) - 19rem) * var(--ratio, 1.3333)); }
  .hint { padding: 0.25rem 0.75rem; font-size: 0.9375rem; line-height: 1.25; }
}
@container (max-width: 15rem) {
  .card { padding: 0.5rem; }
  .order { grid-template-columns: minmax(0, 1fr); }
  .drawing { display: none; }
  .stage { inline-size: 100%; }
  .hint { font-size: 0.75rem; }
}
/* A phone on its side. */
@media (max-height: 30rem) and (orientation: landscape) {
  @container (min-width: 30rem) {
    .card { grid-template-columns: auto minmax(0, 1fr); grid-template-areas: "stage task" "stage tools"; grid-template-rows: auto 1fr; gap: 0.5rem 1rem; padding-block: 0.5rem; }
    .stage { inline-size: calc((var(--_tallest) - 1rem) * var(--ratio, 1.3333)); max-inline-size: 52cqi; }
    .order { min-block-size: 5.5rem; grid-template-columns: auto minmax(0, 1fr); }
    .order .drawing { inline-size: 4.5rem; }
    h2 { font-size: 1.2rem; }
    .message .drawing { display: none; }
    .message .text:has(> .drawing) { grid-template-columns: minmax(0, 1fr); }
    .message, .message .text { gap: 0.5rem; }
  }
}
@media (prefers-reduced-motion: no-preference) {
  .arrow > path { animation: nudge 1.2s ease-in-out infinite; }
  .tick { animation: pop 0.25s ease-out; }
  @keyframes nudge { 50% { translate: 4px 0; } }
  @keyframes pop { from { transform: scale(0.6); opacity: 0; } }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
}
@media (prefers-contrast: more) {
  :host { --_muted: var(--_text); --_line: var(--_text); }
  .oval .shade { fill: rgb(0 0 0 / 75%); }
  .oval .line { stroke: #fff; stroke-width: 1.6; }
  .oval .fill { stroke-width: 3.4; }
}
@media (forced-colors: active) {
  .steps li, .time > div { forced-color-adjust: none; }
  .steps li[data-is="done"], .time > div { background: Highlight; }
  .steps li[data-is="now"] { background: linear-gradient(90deg, Highlight 50%, Canvas 50%); }
  .hint { border: 2px solid CanvasText; }
  button.primary { border-color: Highlight; }
}
`;
