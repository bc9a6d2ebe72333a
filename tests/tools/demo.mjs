// Uses the page at /demo as a person would, in Debian's Chromium with a film for a camera, and prints
// what came of it: one line of JSON.
//
//     node demo.mjs '{"url": "http://127.0.0.1:8000", "key": "tsk_…", "camera": "face.y4m", …}'
//
// url             where the server is
// key             an API key; null: the page gets one lent
// camera          a .y4m or .mjpeg file that the camera shows, over and over; null: the camera is refused
// challenges      what to ask for, as in ["TURN_LEFT", "BLINK"] or, for a capture, ["turn_left", "blink"];
//                 null: the page's defaults
// timeout_seconds for each challenge of a live session; null: the server's default
// tab             "live" or "capture"
// shots           a folder for screenshots; null: none
// timeout_ms      how long all of it may take
// look            a window that LOOKS names, for what is shown while it runs; "desktop" if absent
//
// Fails, with the same line, when no end is reached in time.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

// `make test` installs the packages of package.json there.
const require = createRequire(new URL("../../target/tools/node/", import.meta.url));
const { chromium } = require("playwright-core");

const LOOKS = {
  desktop: { width: 1280, height: 800, scheme: "light" },
  desktop_dark: { width: 1280, height: 800, scheme: "dark" },
  phone: { width: 390, height: 844, scheme: "light" },
  phone_dark: { width: 390, height: 844, scheme: "dark" },
  landscape: { width: 844, height: 390, scheme: "light" },
};
/** Films play from the moment at which the camera is opened: then the session must begin. */
const READY_SECONDS = 0.1;

const settings = JSON.parse(process.argv[2]);
const { url, key, camera, challenges, timeout_seconds, tab, shots, timeout_ms, look = "desktop" } = settings;
const page_url = new URL("/demo", url);
page_url.searchParams.set("mode", tab === "live" ? "interactive" : "capture");
page_url.searchParams.set("ready_seconds", READY_SECONDS);
if (challenges) page_url.searchParams.set(tab === "live" ? "challenges" : "actions", challenges.join(","));
if (timeout_seconds) page_url.searchParams.set("timeout_seconds", timeout_seconds);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? inPath("chromium"),
  args: [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    // Without this nobody answers the browser's question, and a browser without a window takes that
    // for a no.
    ...(camera ? ["--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${camera}`] : []),
  ],
});

const result = { console_errors: [], requests_elsewhere: [] };
let isReached = false;
try {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(timeout_ms);
  watch(page);
  await wear(page, look);
  await page.goto(page_url.href);
  const start = page.getByRole("button", { name: "Start", exact: true });
  await start.waitFor();
  await shoot(page, "idle", Object.keys(LOOKS));

  if (key) await page.locator("#key").fill(key);
  await start.click();
  const end = page.locator("body[data-state=ended], body[data-state=error]").waitFor();
  // It is awaited below; what happens until then must not end the program with no line.
  end.catch(() => {});
  try {
    if (shots) await Promise.race([end, follow(page)]);
    await end;
    isReached = true;
  } finally {
    Object.assign(result, await read(page));
  }
  await shoot(page, result.state === "ended" ? result.verdict : result.error, Object.keys(LOOKS));
} catch (error) {
  result.fault = error.message.split("\n", 1)[0];
} finally {
  await browser.close();
}
console.log(JSON.stringify(result));
process.exitCode = isReached ? 0 : 1;

/** Where a program is; Playwright wants the whole path. */
function inPath(program) {
  const places = process.env.PATH.split(delimiter).map((folder) => join(folder, program));
  const place = places.find((path) => existsSync(path));
  if (!place) throw new Error(`${program} is not in PATH; set CHROMIUM, or install it.`);
  return place;
}

/** Notes what the page complains of, and what it asks of anybody else. */
function watch(page) {
  page.on("console", (message) => message.type() === "error" && result.console_errors.push(message.text()));
  page.on("pageerror", (error) => result.console_errors.push(String(error)));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    const isOwn = asked.origin === page_url.origin || ["data:", "blob:"].includes(asked.protocol);
    if (!isOwn) result.requests_elsewhere.push(request.url());
  });
}

/** What the page says in the end. */
async function read(page) {
  return page.evaluate(() => {
    const { state, verdict, error, passed } = document.body.dataset;
    const card = document.getElementById("check").shadowRoot;
    return {
      state,
      verdict: verdict ?? null,
      error: error ?? null,
      passed: Number(passed ?? 0),
      reasons: [...document.querySelectorAll("[data-reason]")].map((item) => item.dataset.reason),
      title: document.querySelector("#verdict h2")?.textContent ?? card.querySelector(".message h2")?.textContent ?? null,
      rows: [...document.querySelectorAll("#verdict tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
      problem: error ? card.querySelector(".message p")?.textContent : null,
      key_is_asked_for: !document.getElementById("key-part").hidden,
    };
  });
}

/** Pictures of what passes by while a check runs. */
async function follow(page) {
  const part = (name) => page.locator(`livegate-check ${name}`);
  await page.locator("body[data-state=running]").waitFor();
  await shoot(page, "running");
  await part(".hint").waitFor();
  await shoot(page, "hint");
  await part(".tick").waitFor();
  await shoot(page, "passed");
}

async function wear(page, name) {
  const { width, height, scheme } = LOOKS[name];
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize({ width, height });
}

/** Screenshots of the page as it is; of what stays as it is, in every look. */
async function shoot(page, name, looks = [look]) {
  if (!shots) return;
  for (const each of looks) {
    await wear(page, each);
    const fullPage = looks.length > 1;
    await page.screenshot({ path: join(shots, `${tab}-${name}-${each}.png`), fullPage, animations: "disabled" });
  }
  await wear(page, look);
}
