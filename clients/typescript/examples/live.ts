// Plays backend and browser of a live session: node live.js FOLDER [CHALLENGE ...]
import { readdir, readFile } from "node:fs/promises";
import { Livegate, LivegateError, type ChallengeType } from "livegate";

const [folder, ...challenges] = process.argv.slice(2) as [string, ...ChallengeType[]];
const backend = new Livegate(process.env.BASE!, { apiKey: process.env.KEY! });
// Name no challenges for real users.
const session = await backend.createInteractiveSession(challenges[0] ? { challenges } : {});
const browser = new Livegate(process.env.BASE!, { clientToken: session.client_token });
for (const name of (await readdir(folder)).sort()) {
  try {
    const answer = await browser.submitFrame(session.session_id, await readFile(`${folder}/${name}`));
    console.log(answer.challenge_type, answer.passed, answer.feedback);
    if (answer.state !== "in_progress") break;
  } catch (error) {
    // The next frame takes its place.
    if (!(error instanceof LivegateError && error.temporary)) throw error;
  }
  await new Promise((done) => setTimeout(done, 125));
}
const { state, is_live, reason_codes } = await backend.interactiveSession(session.session_id);
console.log(state, is_live, reason_codes);
