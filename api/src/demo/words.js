// The texts of settings and verdicts: sentences for people who do not know the API. Codes are shown beside them.

/** Challenges of a live session. */
export const CHALLENGES = {
  TURN_LEFT: { name: "Turn left" },
  TURN_RIGHT: { name: "Turn right" },
  LOOK_UP: { name: "Look up" },
  LOOK_DOWN: { name: "Look down" },
  BLINK: { name: "Blink" },
  SMILE: { name: "Smile" },
  OPEN_MOUTH: { name: "Open mouth" },
};

/** Actions of a capture for `verify`. */
export const ACTIONS = {
  turn_left: { name: "Turn left" },
  turn_right: { name: "Turn right" },
  turn_up: { name: "Look up" },
  turn_down: { name: "Look down" },
  blink: { name: "Blink" },
};

/** Reason codes in plain words, for both APIs. */
const REASONS = {
  liveness_passed: "All checks passed.",
  challenge_completed: "Every movement was seen.",
  no_spoof_detected: "The camera saw a person, not a picture or a screen.",
  spoof_detected: "Signs of a photo, a screen, a mask or a replay were found: the table says which.",
  challenge_failed: "Not every movement was seen, or not in time.",
  different_persons_detected: "More than one face was seen, or not the same person throughout.",
  insufficient_face_detections: "A face was visible in too few of the frames.",
  invalid_input: "Some of the frames could not be read.",
  internal_error: "The server could not finish. Trying again is safe.",
};

export const reason = (code) => REASONS[code] ?? "A reason that this page does not know.";

/** Texts by the state of an interactive session that has ended without reasons. */
const STATES = {
  completed: "All challenges were passed.",
  failed: "The session ended before all challenges were passed.",
  expired: "The session expired before all challenges were passed.",
};

export const state = (name) => STATES[name] ?? "";

/** Why an action was not counted, from `failed_actions`. */
const WHY = {
  no_frames: "no frame that could show it",
  not_reached: "not far enough",
  not_reopened: "the eyes were not seen open again",
  no_neutral_before: "no neutral face before it",
  out_of_order: "shown before the one that comes first",
  not_comparable: "the head went too far to be compared with the other frames",
  no_movement: "no movement was seen: held still, or too fast",
};

export const why = (name) => WHY[name] ?? name;

/** Findings in `evidence`, by name. */
const FINDINGS = {
  second_face_frames: "Frames with a second face",
  no_face: "Frames without a face",
  face_too_small: "Frames with a face too small",
  face_tilted: "Frames with a tilted face",
  glare: "Overexposed frames",
  too_dark: "Dark frames",
  too_bright: "Bright frames",
  noise: "Frames with too much noise",
  blurred: "Blurred frames",
  face_too_close: "Frames with a face too close",
  turned_too_far: "Frames with a head turned too far",
  undecodable_frame: "Frame that cannot be read",
  unplayable_clip: "Clip that cannot be played",
};

export const finding = (name) => FINDINGS[name] ?? name;

const UNITS = {
  degrees: "°",
  eye_aspect_ratio: " (eye aspect ratio)",
  smile_score: " (smile score)",
  mouth_opening: " (opening of the mouth by its width)",
  frames: " frames",
  frame_index: " (frame number)",
};

export const unit = (name) => (name ? (UNITS[name] ?? ` ${name}`) : "");

/** The name of an action of either API. */
export function actionName(action) {
  return CHALLENGES[action]?.name ?? ACTIONS[action]?.name ?? action;
}
