// A React hook: what is known of a receipt under an anchor. A verdict is of these bytes and this
// anchor, or it is not shown.
import { useEffect, useState } from "react";
import { explainReceipt } from "cairn-light-client";

const without = (state, error = null) => ({ state, checks: [], receipt: null, error });
const NOT_CHECKED = without("not-checked");
const CHECKING = without("checking");

/** `state` is `not-checked`, `checking`, `verified`, `stale`, `failed` or `could-not-check`. */
export function useReceipt(bytes, anchor) {
  const [found, setFound] = useState({});
  useEffect(() => {
    if (!bytes || !anchor) return undefined;
    let isWanted = true;
    explainReceipt(bytes, anchor)
      .catch((error) => without("could-not-check", error))
      .then((verdict) => isWanted && setFound({ bytes, anchor, verdict }));
    return () => {
      isWanted = false;
    };
  }, [bytes, anchor]);
  if (!bytes || !anchor) return NOT_CHECKED;
  return found.bytes === bytes && found.anchor === anchor ? found.verdict : CHECKING;
}
