// A page: what a bundler for browsers is given.
import * as light from "cairn-light-client";
import * as alone from "cairn-light-client/verifier";
import { verdicts } from "./verdicts.js";

globalThis.cairnVerdicts = (given) => verdicts(light, alone, given);
