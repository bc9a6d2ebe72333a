/** Client of Livegate, the self-hosted face liveness service. */

export type * from "./api.js";
export { info, type Info } from "./answer.js";
export { Livegate } from "./client.js";
export type { ClientOptions, InteractiveOptions, SendOptions, VerifyOptions } from "./client.js";
export { ApiError, LivegateError, NewSessionNeeded, NoAnswer, ReceiptInvalid } from "./errors.js";
export type { Media, Picture } from "./media.js";
