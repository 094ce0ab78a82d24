/** Why something was not verified. */
export class CairnError extends Error {
  constructor({ state, code, message, expected = null, found = null, problem = null }, checks = []) {
    super(message);
    this.name = "CairnError";
    this.state = state;
    this.code = code;
    this.expected = expected;
    this.found = found;
    this.problem = problem;
    this.checks = checks;
  }
}

/** A fault of ours or of the runtime's: it says nothing about what was to be checked. */
export function internal(what, cause) {
  const message = `${what}: ${cause?.message ?? cause}`;
  const error = new CairnError({ state: "could-not-check", code: "internal", message });
  error.cause = cause;
  return error;
}
