// The hook in a component: a word for each state, and green for one alone.
import { useReceipt } from "./use-receipt.js";

const WORDS = {
  "not-checked": "Not checked",
  checking: "Checking …",
  verified: "Verified",
  stale: "Anchor too old",
  failed: "Not valid",
  "could-not-check": "Could not check",
};

export function Receipt({ bytes, anchor }) {
  const { state, receipt, error } = useReceipt(bytes, anchor);
  return (
    <p role="status" data-state={state}>
      <strong>{WORDS[state]}</strong>
      {receipt && ` Entry ${receipt.index} of the log: ${receipt.event.type}.`}
      {error && ` ${error.message} (${error.code})`}
    </p>
  );
}
