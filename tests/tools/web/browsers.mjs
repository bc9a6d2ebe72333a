// Runs the scenarios of scenarios.js in a browser of Debian's packages, and prints its report as one line of JSON.
//
//     node browsers.mjs chromium|firefox|webkit [part of a scenario's name]
//
// Browsers are started by hand, not through a driver: the page runs by itself.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { serve } from "./server.mjs";

const LIMIT_MS = 240_000;
const [name, only = ""] = process.argv.slice(2);
const server = await serve();
const url = `${server.url}/scenarios.html${only && `?only=${encodeURIComponent(only)}`}`;
const folder = mkdtempSync(join(tmpdir(), "livegate-browser-"));

const START = {
  chromium: () => [
    process.env.CHROMIUM ?? "chromium",
    ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${folder}`, url],
  ],
  firefox: () => {
    // No question, no page of welcome, no report to anybody.
    const preferences = {
      "datareporting.policy.dataSubmissionEnabled": false,
      "browser.shell.checkDefaultBrowser": false,
      "browser.aboutwelcome.enabled": false,
      "toolkit.telemetry.enabled": false,
      "app.update.auto": false,
    };
    const lines = Object.entries(preferences).map(([key, value]) => `user_pref(${JSON.stringify(key)}, ${value});`);
    writeFileSync(join(folder, "user.js"), lines.join("\n"));
    return ["firefox-esr", ["--headless", "--no-remote", "--profile", folder, url]];
  },
  webkit: () => {
    const places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec", "/usr/lib"];
    const browsers = places.flatMap((place) => ["webkit2gtk-4.1", "webkit2gtk-4.0"].map((v) => join(place, v, "MiniBrowser")));
    const browser = browsers.find((path) => existsSync(path));
    if (!browser) throw new Error("WebKitGTK's MiniBrowser is not there: install webkit2gtk-driver");
    return ["xvfb-run", ["-a", browser, "--private", "--enable-media-stream=true", "--enable-mediasource=true", url]];
  },
};

const [program, args] = START[name]();
// A group of its own: a browser is several processes.
const browser = spawn(program, args, {
  detached: true,
  stdio: ["ignore", process.env.LIVEGATE_BROWSER_LOG ? "inherit" : "ignore", "pipe"],
  env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", GDK_BACKEND: "x11" },
});
const late = new Promise((done) => setTimeout(done, LIMIT_MS, { agent: name, results: [{ name: "all", failure: "no report" }] }));
const gone = new Promise((done) => {
  browser.on("error", (error) => done({ agent: name, results: [{ name: "start", failure: error.message }] }));
  browser.on("exit", (code) => done({ agent: name, results: [{ name: "start", failure: `the browser ended with ${code}` }] }));
  createInterface({ input: browser.stderr }).on("line", (line) => {
    if (process.env.LIVEGATE_BROWSER_LOG) console.error(line);
    // WebKitGTK's window outlives the process of its page.
    if (line.includes("WebProcess CRASHED")) done({ agent: name, results: [{ name: "page", failure: line }] });
  });
});
const report = await Promise.race([server.report(), late, gone]);
try {
  process.kill(-browser.pid, "SIGKILL");
} catch {
  // It has ended already.
}
server.close();
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
console.log(JSON.stringify(report));
process.exit(report.results.some(({ failure }) => failure) ? 1 : 0);
