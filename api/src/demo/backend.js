// What the backend of an integration does with the API key. A real page has no such file: the key never is in a
// browser.

/** An error answer: the server's sentence and code. `code` names an error of the component, where it is one. */
export class BackendError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.serverCode = code;
    this.code = { 0: "network", 410: "expired", 429: "rate_limited" }[status] ?? "server";
  }
}

/** Time limit, ms: longer than the server's default deadline, so that the server's answer comes first. */
const TIMEOUT_MS = 30_000;

/** @param {{value: string}} key */
export function createBackend(key) {
  const call = async (method, path, body) => {
    const headers = { "X-AI-API-Key": key.value, ...(body && { "Content-Type": "application/json" }) };
    let response, answer;
    try {
      response = await fetch(path, {
        method,
        headers,
        body: body && JSON.stringify(body),
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      answer = await response.json();
    } catch (error) {
      if (!response) throw new BackendError(0, "", "The server cannot be reached.");
      answer = null;
    }
    if (response.ok && answer !== null) return answer;
    throw new BackendError(response.status, answer?.code ?? "", answer?.error ?? `status ${response.status}`);
  };
  return {
    presets: () => call("GET", "/api/v1/liveness/presets"),
    /** @param {{query?: Record<string, string>, body?: object}} request of a live session, or of a capture */
    createSession: ({ query, body }) =>
      query
        ? call("POST", `/api/v1/liveness/sessions?${new URLSearchParams(query)}`)
        : call("POST", "/v1/liveness/session", body),
    /** Reads the session with its scores, which only the key's owner gets. */
    readSession: ({ session_id }) => call("GET", `/api/v1/liveness/sessions/${encodeURIComponent(session_id)}`),
    verify: (body) => call("POST", "/v1/liveness/verify", body),
  };
}
