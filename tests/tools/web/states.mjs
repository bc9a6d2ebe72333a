// Brings `<livegate-check>` into each of its states in Debian's Chromium, in several looks and languages, and lets axe
// examine each. Goes through a check by keyboard alone. Prints one line of JSON: how many states were examined, and
// the violations.
//
//     node states.mjs [folder for screenshots]

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { serve } from "./server.mjs";

const require = createRequire(new URL("../../../target/tools/node/", import.meta.url));
const { chromium } = require("playwright-core");

/** Width, height, colours, language, and size of the text, percent. */
const LOOKS = {
  desktop: [1280, 800, "light", "en", 100],
  desktop_dark: [1280, 800, "dark", "de", 100],
  phone: [390, 844, "light", "ar", 100],
  phone_dark: [390, 844, "dark", "en", 100],
  landscape: [844, 390, "light", "en", 100],
  small: [320, 568, "light", "de", 100],
  large_text: [390, 844, "light", "en", 200],
};
const LIMIT_MS = 30_000;
const shots = process.argv[2];
const only = process.argv[3];
const report = { states: 0, violations: [] };
const server = await serve();
const places = process.env.PATH.split(":").map((folder) => join(folder, "chromium"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? places.find((path) => existsSync(path)),
  args: ["--no-sandbox"],
});
let serial = 0;

/** A page with a check, in a look. */
async function open(look, parameters) {
  const [width, height, colorScheme, lang, text] = LOOKS[look];
  // axe is injected, which the page's own policy forbids.
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  page.on("pageerror", (error) => report.violations.push(`${look}: ${error.message}`));
  const query = new URLSearchParams({ "-lang": lang, "-client-token": "lct_x", "-ready-seconds": "0.1", ...parameters });
  await page.goto(`${server.url}/page.html?${query}`);
  await page.waitForFunction(() => window.events?.some(({ name }) => name === "ready"));
  await page.evaluate((percent) => (document.documentElement.style.fontSize = `${percent}%`), text);
  return page;
}

const session = (how) => ({ "-session-id": `${how}-${(serial += 1)}` });
const start = (page) => page.evaluate(() => void check.start());
const reaches = (page, state) => page.waitForFunction((wanted) => check.state === wanted, state);
const event = (page, name) => page.waitForFunction((wanted) => window.events.some((e) => e.name === wanted), name);

/** Examines the page as it is. */
async function examine(page, look, state) {
  report.states += 1;
  if (shots) await page.screenshot({ path: join(shots, `${state}-${look}.png`), animations: "disabled" });
  await page.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
  const found = await page.evaluate(async () => {
    const { violations } = await axe.run(document, { preload: false, resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) found.push(`wider than the window by ${wide} pixels`);
  report.violations.push(...found.map((text) => `${look}, ${state}: ${text}`));
}

const STATES = {
  async start(look) {
    return open(look, { ...session("stay"), "-another-way": "" });
  },
  async ready(look) {
    const page = await open(look, { ...session("stay"), "-ready-seconds": "0", "-another-way": "", cameras: "2" });
    await start(page);
    await reaches(page, "ready");
    return page;
  },
  async hint(look) {
    const page = await open(look, session("stay"));
    await start(page);
    await event(page, "hint");
    return page;
  },
  async paused(look) {
    const page = await open(look, session("stay"));
    await start(page);
    await event(page, "challenge");
    await page.evaluate(() => camera.tell("mute"));
    await reaches(page, "paused");
    return page;
  },
  async cancelled(look) {
    const page = await open(look, session("stay"));
    await start(page);
    await event(page, "challenge");
    await page.evaluate(() => check.stop());
    return page;
  },
  async again(look) {
    const page = await open(look, { function: `tips-${(serial += 1)}` });
    await start(page);
    await reaches(page, "ended");
    return page;
  },
  async done(look) {
    const page = await open(look, session("pass"));
    await start(page);
    await reaches(page, "ended");
    return page;
  },
  async denied(look) {
    const page = await open(look, { ...session("pass"), camera: "denied" });
    await start(page);
    await reaches(page, "error");
    return page;
  },
};

/** Everything by keyboard: start, cancel, another try. */
async function byKeyboard() {
  const page = await open("desktop", { function: `stay-${(serial += 1)}` });
  const focus = () => page.evaluate(() => check.shadowRoot.activeElement?.dataset.action ?? check.shadowRoot.activeElement?.className);
  const expect = async (wanted, what) => {
    if ((await focus()) !== wanted) report.violations.push(`keyboard: ${what} has the focus on ${await focus()}, not ${wanted}`);
  };
  await page.keyboard.press("Tab");
  await expect("start", "the start screen");
  await page.keyboard.press("Enter");
  await event(page, "challenge");
  await expect("instruction", "the instruction");
  await page.keyboard.press("Tab");
  await expect("cancel", "the first button");
  await page.keyboard.press("Escape");
  await reaches(page, "cancelled");
  await page.keyboard.press("Tab");
  await expect("retry", "the end");
  await page.keyboard.press("Space");
  await page.waitForFunction(() => check.state !== "cancelled");
}

try {
  for (const look of Object.keys(LOOKS).filter((name) => !only || name === only)) {
    for (const [state, reach] of Object.entries(STATES)) {
      const page = await reach(look);
      await examine(page, look, state);
      await page.context().close();
    }
  }
  await byKeyboard();
} catch (error) {
  report.violations.push(error.message.split("\n", 2).join(" "));
} finally {
  await browser.close();
  server.close();
}
console.log(JSON.stringify(report));
process.exit(report.violations.length > 0 ? 1 : 0);
