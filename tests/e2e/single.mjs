// The single-file verifier as a person uses it, in any browser: files in, a verdict out.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FILE = resolve(ROOT, process.env.CAIRN_WWW ?? "target/www", "verify.html");

/** The page's address on this machine's disk. */
export function address(anchor) {
  if (!existsSync(FILE)) throw new Error(`${FILE} is not there; run \`cargo xtask build www\`, or set CAIRN_WWW`);
  return `${pathToFileURL(FILE)}${anchor ? `#anchor=${anchor}` : ""}`;
}

/** A vector, its receipt and the same with one bit flipped as files. */
export function receiptFiles(folder, name) {
  const vector = JSON.parse(readFileSync(join(ROOT, `tests/vectors/receipts/${name}.json`), "utf8"));
  const bytes = Buffer.from(vector.receipt, "base64");
  const file = join(folder, `${name}.cairn`);
  const bent = join(folder, `${name}-bent.cairn`);
  const key = join(folder, `${name}.key`);
  writeFileSync(file, bytes);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(bent, bytes);
  if (vector.secret) writeFileSync(key, vector.secret);
  return { ...vector, file, bent, key };
}

/** What the page shows, read in the page. */
export const shown = () => ({
  state: document.querySelector("#verdict").dataset.state,
  word: document.querySelector("#word").textContent,
  sentence: document.querySelector("#sentence").textContent,
  code: document.querySelector("#code").textContent.replace("Code ", ""),
  checks: [...document.querySelectorAll("#checks li")].map((item) => item.dataset.state),
  opened: [...document.querySelectorAll("#opened dt")].map((name) => name.textContent),
  openedSays: document.querySelector("#opened-says").textContent,
});

/** Whether a check has come to its end. */
export const settled = () => !document.querySelector("#sentence").textContent.startsWith("Checking");
