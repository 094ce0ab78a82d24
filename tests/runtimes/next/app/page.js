"use client";

import { useEffect } from "react";
import * as light from "cairn-light-client";
import * as alone from "cairn-light-client/verifier";
import { verdicts } from "./verdicts.js";

export default function Page() {
  useEffect(() => {
    globalThis.cairnVerdicts = (given) => verdicts(light, alone, given);
  }, []);
  return <p>A page</p>;
}
