// Verifies a clip: node clip.js CLIP [ACTION ...]
import { Livegate, NewSessionNeeded, type Action } from "livegate";
import { file } from "livegate/node";

const [clip, ...actions] = process.argv.slice(2);
const livegate = new Livegate(process.env.BASE!, { apiKey: process.env.KEY! });
// Name no actions for real users.
const session = await livegate.createSession(actions[0] ? { actions: actions as Action[] } : {});
try {
  const verdict = await livegate.verifyVideo(session.session_id, await file(clip!));
  console.log(verdict.verified, verdict.reason_codes, verdict.anti_spoof_avg_score);
} catch (error) {
  if (!(error instanceof NewSessionNeeded)) throw error;
  console.error(`${error.code}: create a new session and capture again.`);
}
