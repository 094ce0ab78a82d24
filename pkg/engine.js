// One WebAssembly module: loaded at the first call, renewed after a trap.
import { CairnError, internal } from "./error.js";
import { serve } from "./host.js";

/**
 * `call` makes a call that returns at once, `run` one that returns a task. Both load the module, turn
 * what it throws into errors, and after a trap leave a fresh instance to the next call.
 */
export function createEngine(bindings, load) {
  let loading;
  let generation = 0;

  async function ready() {
    loading ??= Promise.resolve().then(load);
    try {
      await loading;
    } catch (cause) {
      loading = undefined;
      throw internal("the WebAssembly module does not load", cause);
    }
    return generation;
  }

  // Errors cross as JSON text. Anything else is a fault of ours, after which the instance is given up.
  function attempt(begun, act) {
    if (begun !== generation) throw internal("the verifier stopped", "another call stopped it");
    try {
      return act(bindings);
    } catch (thrown) {
      if (typeof thrown === "string") throw new CairnError(JSON.parse(thrown));
      generation += 1;
      bindings.restart();
      bindings.version();
      throw internal("the verifier stopped", thrown);
    }
  }

  async function call(act) {
    return attempt(await ready(), act);
  }

  async function run(start, context) {
    const begun = await ready();
    const task = attempt(begun, start);
    try {
      for (;;) {
        const result = attempt(begun, () => task.poll());
        if (result !== undefined) return result;
        const [status, body, why] = await serve(attempt(begun, () => task.want()), context);
        attempt(begun, () => task.answer(status, body, why));
      }
    } finally {
      // After a trap it went with its instance.
      if (begun === generation) task.free();
    }
  }

  return { ready, call, run, generation: () => generation };
}
