"use client";

import { useEffect, useState } from "react";
import * as light from "cairn-light-client";
import * as alone from "cairn-light-client/verifier";
import { Receipt } from "./receipt.jsx";
import { verdicts } from "./verdicts.js";

export default function Page() {
  const [given, setGiven] = useState({});
  useEffect(() => {
    globalThis.cairnVerdicts = (given) => verdicts(light, alone, given);
    globalThis.cairnShow = setGiven;
  }, []);
  return <Receipt {...given} />;
}
