// Uses `<livegate-check>` of a service in a page of another origin, with the strictest policy that allows it and the
// integrity hash, in Debian's Chromium with its own test picture for a camera; and in frames of a third origin, with and
// without the camera. Prints one line of JSON.
//
//     node foreign.mjs '{"service": "http://127.0.0.1:8000", "module": "/web/…/livegate-check.js", "integrity": "sha384-…",
//                        "session_id": "…", "client_token": "lct_…"}'

import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(new URL("../../../target/tools/node/", import.meta.url));
const { chromium } = require("playwright-core");
const { service, module, integrity, session_id, client_token } = JSON.parse(process.argv[2]);

const PAGE = `<!doctype html><title>Elsewhere</title>
<script type="module" src="${service}${module}" integrity="${integrity}" crossorigin="anonymous"></script>
<livegate-check lang="de" ready-seconds="0.1" session-id="${session_id}" client-token="${client_token}"></livegate-check>`;
const CAPTURE = `<!doctype html><title>Framed</title>
<script type="module" src="${service}${module}" integrity="${integrity}" crossorigin="anonymous"></script>
<livegate-check mode="capture" challenge="turn_left,blink" session-id="live_1" ready-seconds="0.1"></livegate-check>`;
const policy = `default-src 'none'; script-src ${service}; connect-src ${service}; base-uri 'none'`;
const pages = {
  "/": PAGE,
  "/capture": CAPTURE,
  // Another host name is another origin.
  "/with": framed(' allow="camera"'),
  "/without": framed(""),
};
const server = createServer((request, response) => {
  const page = pages[request.url];
  if (!page) return response.writeHead(204).end();
  const headers = { "Content-Type": "text/html; charset=utf-8" };
  if (!page.includes("<iframe")) headers["Content-Security-Policy"] = policy;
  response.writeHead(200, headers).end(page.replace("{port}", server.address().port));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const origin = `http://127.0.0.1:${server.address().port}`;

function framed(allow) {
  return `<!doctype html><title>Frame</title><iframe width="800" height="700"${allow} src="http://localhost:{port}/capture"></iframe>`;
}

/** How a check in a frame begins: its state, or the error's code and reason. */
async function inFrame(page, path) {
  await page.goto(origin + path);
  const frame = page.frames()[1];
  const check = frame.locator("livegate-check");
  const began = check.evaluate((element) => new Promise((done) => {
    element.addEventListener("livegate-error", ({ detail }) => done([detail.code, detail.reason]));
    element.addEventListener("livegate-started", () => done(["started"]));
  }));
  await frame.getByRole("button", { name: "Start", exact: true }).click();
  return began;
}

const programs = process.env.PATH.split(":").map((folder) => join(folder, "chromium"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? programs.find((path) => existsSync(path)),
  args: ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
});
const result = { errors: [], events: [] };
try {
  const page = await (await browser.newContext()).newPage();
  // In the frame without the camera the browser says so itself.
  const isExpected = (text) => text.startsWith("Permissions policy violation: camera");
  page.on("console", (message) => {
    if (message.type() === "error" && !isExpected(message.text())) result.errors.push(message.text());
  });
  page.on("pageerror", (error) => result.errors.push(String(error)));
  await page.exposeFunction("heard", (name) => result.events.push(name));
  await page.addInitScript(() => {
    for (const name of ["ready", "started", "hint", "progress", "cancel", "error"]) {
      document.addEventListener(`livegate-${name}`, () => window.heard(name));
    }
  });
  await page.goto(`${origin}/`);
  await page.getByRole("button", { name: "Starten", exact: true }).click();
  await page.waitForFunction(() => document.querySelector("livegate-check").state === "running");
  await page.locator("livegate-check .hint:not([hidden])").waitFor();
  await page.keyboard.press("Escape");
  result.state = await page.evaluate(() => document.querySelector("livegate-check").state);
  result.framed = { with: await inFrame(page, "/with"), without: await inFrame(page, "/without") };
} catch (error) {
  result.errors.push(error.message.split("\n", 1)[0]);
} finally {
  await browser.close();
  server.close();
}
console.log(JSON.stringify(result));
