// workerd: a request brings what is given, the answer is the verdicts.
import * as light from "cairn-light-client";
import * as alone from "cairn-light-client/verifier";
import { verdicts } from "./verdicts.js";

export default {
  async fetch(request) {
    return Response.json(await verdicts(light, alone, await request.json()));
  },
};
