// The texts that the page itself makes up, all in one place: sentences for people who do not know the
// API. Codes are always shown beside them.

/**
 * Challenges of a live session. The server sends the instruction; `detail` adds what it leaves
 * out, above all the neutral beginning that every movement needs.
 */
export const CHALLENGES = {
  TURN_LEFT: { name: "Turn left", detail: "Face the camera first, then follow the arrow." },
  TURN_RIGHT: { name: "Turn right", detail: "Face the camera first, then follow the arrow." },
  LOOK_UP: { name: "Look up", detail: "Face the camera first, then raise your chin." },
  LOOK_DOWN: { name: "Look down", detail: "Face the camera first, then lower your chin." },
  BLINK: { name: "Blink", detail: "Close both eyes, then open them again." },
  SMILE: { name: "Smile", detail: "Relax your face first, then smile broadly." },
  OPEN_MOUTH: { name: "Open mouth", detail: "Close your mouth first, then open it wide." },
};

/** Actions of a capture for `verify`. That API sends names only, so the instructions are this page's. */
export const ACTIONS = {
  turn_left: { name: "Turn left", instruction: "Turn your head to your left", picture: "TURN_LEFT" },
  turn_right: { name: "Turn right", instruction: "Turn your head to your right", picture: "TURN_RIGHT" },
  turn_up: { name: "Look up", instruction: "Raise your chin and look up", picture: "LOOK_UP" },
  turn_down: { name: "Look down", instruction: "Lower your chin and look down", picture: "LOOK_DOWN" },
  blink: { name: "Blink", instruction: "Blink slowly", picture: "BLINK" },
};

/** The `feedback` of a frame as a sentence. Tone `good` marks the only one that is not a complaint. */
const HINTS = {
  no_face: "No face in view. Move into the oval.",
  multiple_faces: "More than one face in view. Only yours should be.",
  face_too_small: "Come a little closer.",
  face_out_of_frame: "Move your face to the middle of the oval.",
  too_dark: "It is too dark. Find more light.",
  too_bright: "It is too bright. Turn away from the light.",
  blurred: "The picture is blurred. Keep still, or wipe the lens.",
  look_straight: "Look straight at the camera first, face relaxed.",
  eyes_not_visible: "Your eyes cannot be seen open. Open them; take off dark glasses.",
  keep_going: "Good, keep going.",
};

/**
 * @param {string | null} feedback
 * @returns {{text: string, tone: "good" | "fix"} | null}
 */
export function hint(feedback) {
  if (!feedback) return null;
  return { text: HINTS[feedback] ?? feedback, tone: feedback === "keep_going" ? "good" : "fix" };
}

/** Reason codes in plain words, for both APIs. */
const REASONS = {
  liveness_passed: "All checks passed.",
  challenge_completed: "Everything that was asked for was seen.",
  no_spoof_detected: "The camera saw a person, not a picture or a screen.",
  spoof_detected: "This looks like a photo, a screen or a mask.",
  challenge_failed: "Not everything that was asked for was seen, or not in time.",
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

/**
 * What stops a session: a title, a sentence, and what to do about it.
 * @typedef {{code: string, title: string, text: string, todo: string[]}} Problem
 */

/** @type {Record<string, Omit<Problem, "code">>} */
const CAMERA_PROBLEMS = {
  insecure: {
    title: "The browser gives no camera to this address",
    text: "Browsers allow the camera on secure pages only: https, or localhost on the same machine.",
    todo: [
      "Open this page through https, with a proxy that does TLS in front of the server.",
      "Or open it on the machine that runs the server, at http://localhost and its port.",
    ],
  },
  refused: {
    title: "The camera was refused",
    text: "Without the camera there is nothing to check. No picture was taken.",
    todo: [
      "Press the camera or lock symbol beside the page's address, and allow the camera for this page.",
      "On a phone, also allow it for the browser: Settings, Apps, your browser, Camera.",
      "Then press “Try again”.",
    ],
  },
  missing: {
    title: "No camera was found",
    text: "The browser knows no camera on this device.",
    todo: ["Connect a camera, or open this page on a phone.", "Then press “Try again”."],
  },
  busy: {
    title: "The camera cannot be read",
    text: "Another program or tab may be using it.",
    todo: ["Close calls and other pages that use the camera.", "Then press “Try again”."],
  },
  lost: {
    title: "The camera stopped",
    text: "It was unplugged, or the system took it away.",
    todo: ["Connect it again, then press “Try again”."],
  },
  unsupported: {
    title: "The camera does not work here",
    text: "The browser could not start it.",
    todo: ["Try a current version of Firefox, Chrome, Edge or Safari."],
  },
};

/** @returns {Problem} */
export function cameraProblem(kind) {
  return { code: `camera_${kind}`, ...(CAMERA_PROBLEMS[kind] ?? CAMERA_PROBLEMS.unsupported) };
}

/** The problem behind an error of the API: what to do about it; the text is the server's own sentence. */
const TODO = {
  401: ["Check the API key above: it starts with tsk_ and was shown once, when it was created."],
  403: ["Use a key that may use liveness, and the one that created the session."],
  404: ["Start a new session.", "If this happens at once, the server may be older than this page."],
  409: ["The session was used before. Start a new one."],
  410: ["The session took too long. Start a new one."],
  413: ["The pictures are too large for this server. Its operator can say what it takes."],
  429: ["Wait a moment, then try again.", "If this stays so, the key's limits are too low for this use."],
  502: ["Try again: a new session is made.", "If this stays so, the server's log says why."],
  503: ["The server is not ready. Wait a moment, then try again."],
};

const TITLES = {
  400: "The server did not accept the request",
  401: "The API key is not valid",
  403: "This key may not do that",
  404: "The session is gone",
  409: "The session was used already",
  410: "The session has expired",
  413: "Too large",
  429: "Too many requests",
};

/** @returns {Problem} */
export function apiProblem(error) {
  const title = TITLES[error.status] ?? "The server could not do it";
  return { code: error.code, title, text: error.message, todo: TODO[error.status] ?? [] };
}

/** @type {Problem} */
export const NETWORK_PROBLEM = {
  code: "network",
  title: "The server cannot be reached",
  text: "The connection was lost, or the server does not answer.",
  todo: ["Check the network, and that the server runs.", "Then press “Try again”."],
};

/** @returns {Problem} */
export function unexpectedProblem(error) {
  return {
    code: "unexpected",
    title: "Something unexpected happened",
    text: `This page has a fault: ${error?.message ?? error}`,
    todo: ["Try again. The browser's console has more."],
  };
}
