// A program on a command line: reads what is given from its last argument, prints the verdicts.
import * as light from "cairn-light-client";
import * as alone from "cairn-light-client/verifier";
import { verdicts } from "./verdicts.js";

const given = globalThis.Deno ? Deno.args.at(-1) : process.argv.at(-1);
verdicts(light, alone, JSON.parse(given)).then((said) => console.log(JSON.stringify(said)));
