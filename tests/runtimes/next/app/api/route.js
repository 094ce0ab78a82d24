import * as light from "cairn-light-client";
import * as alone from "cairn-light-client/verifier";
import { verdicts } from "../verdicts.js";

export async function POST(request) {
  return Response.json(await verdicts(light, alone, await request.json()));
}
