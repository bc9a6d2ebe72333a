// Verifies a folder of frames named NN_PHASE.jpg: node frames.js FOLDER [ACTION ...]
import { readdir } from "node:fs/promises";
import { Livegate, info, type Action } from "livegate";
import { picture } from "livegate/node";

const [folder, ...actions] = process.argv.slice(2);
const livegate = new Livegate(process.env.BASE!, { apiKey: process.env.KEY! });
// Name no actions for real users.
const session = await livegate.createSession(actions[0] ? { actions: actions as Action[] } : {});
const names = (await readdir(folder!)).sort();
const pictures = await Promise.all(
  names.map((name, index) => picture(`${folder}/${name}`, name.slice(3, -4), 250 * index)),
);
const verdict = await livegate.verify(session.session_id, pictures);
console.log(verdict.verified, verdict.reason_codes, info(verdict).request_id);
