// Refused requests and valid ones in turn, by clients that keep connections open: Node.js' default agent,
// and fetch.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";

const { BASE, CALLS, TIMES } = process.env;
const [valid, ...refusals] = readFileSync(CALLS, "utf8").trim().split("\n").map(parse);
const times = Number(TIMES);

function parse(line) {
  const [name, method, path, status, size, ...headers] = line.split("\t");
  return {
    name,
    method,
    path,
    status: Number(status),
    headers: Object.fromEntries(headers.map((header) => header.split(": "))),
    body: size === "2" ? "{}" : "x".repeat(Number(size)),
  };
}

function agent({ method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const request = http.request(BASE + path, { method, headers });
    // Else the body of a DELETE is sent without its length.
    request.setHeader("Content-Length", body.length);
    request.on("error", reject);
    request.on("response", (response) => {
      response.on("error", reject);
      response.on("end", () => resolve(response.statusCode));
      response.resume();
    });
    request.end(body);
  });
}

async function fetched({ method, path, headers, body }) {
  const response = await fetch(BASE + path, { method, headers, body });
  await response.text();
  return response.status;
}

const failures = [];
async function expect(client, call, after) {
  const answered = await client(call).catch((error) => error.code ?? error.cause?.code ?? String(error));
  if (answered !== call.status) failures.push(`${client.name}: ${call.name} after ${after}: ${answered}`);
}

assert(times > 0 && refusals.length > 0);
for (const client of [agent, fetched]) {
  for (const refusal of refusals) {
    for (let i = 0; i < times; i++) {
      await expect(client, refusal, "a valid one");
      await expect(client, valid, refusal.name);
    }
    const all = (call, after) => Promise.all(Array.from({ length: times }, () => expect(client, call, after)));
    await all(refusal, "others");
    await all(valid, `all ${refusal.name}`);
  }
}
console.log(failures.length === 0 ? "done" : [...new Set(failures)].join("\n"));
process.exit();
