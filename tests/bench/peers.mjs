// Light clients of other projects beside ours: bytes that a page loads, and time until its WebAssembly is
// compiled. They are installed when this is measured, and never committed.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

/** Verifies a receipt as soon as the page is there, and says when that was done. */
function ours(entry, call) {
  const { receipt, anchor, now } = JSON.parse(readFileSync(new URL("../vectors/receipts/ok-hybrid.json", import.meta.url), "utf8"));
  return `import { verifyReceipt } from "${entry}";
    const [anchor, now] = ${JSON.stringify([anchor, now])};
    const bytes = Uint8Array.from(atob("${receipt}"), (letter) => letter.charCodeAt(0));
    ${call}.then(() => console.debug(\`called \${performance.now()}\`), (error) => setTimeout(() => { throw error; }));`;
}

/** Name and version, and what makes it compile its module without asking anyone. */
const PEERS = {
  "cairn-light-client": { code: ours("cairn-light-client", "verifyReceipt(bytes, anchor, { now })") },
  "cairn-light-client/verifier": { code: ours("cairn-light-client/verifier", "verifyReceipt(bytes, { anchor, now })") },
  smoldot: { version: "3.4.1", code: 'import { start } from "smoldot"; start();' },
  "@a16z/helios": { version: "0.11.1", code: 'import { createHeliosProvider } from "@a16z/helios"; createHeliosProvider({ executionRpc: "http://127.0.0.1:18545", consensusRpc: "http://127.0.0.1:18545", network: "mainnet", dbType: "config" }, "ethereum").catch(() => 0);' },
  // Its script imports the module as bundlers for it do; here the module alone is loaded and compiled.
  "lumina-node-wasm": { version: "0.12.0", code: 'WebAssembly.compileStreaming(fetch(new URL("./lumina_node_wasm_bg.wasm", import.meta.url)));' },
};

/** Installs and bundles all into `folder`; gives names and addresses of pages, with bytes. */
export function preparePeers(folder, tarball, esbuild) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  const wanted = Object.entries(PEERS).flatMap(([name, { version }]) => (version ? [`${name}@${version}`] : []));
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps", tarball, ...wanted], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  return Object.entries(PEERS).map(([name, { version, code }]) => bundle(folder, esbuild, { name, version, code }));
}

function bundle(folder, esbuild, { name, version, code }) {
  const place = name.replaceAll(/[^a-z0-9]+/g, "-");
  const out = join(folder, "pages", place);
  const entry = join(folder, `${place}.js`);
  writeFileSync(entry, code);
  const args = [entry, "--bundle", "--minify", "--format=esm", "--platform=browser", "--loader:.wasm=file", `--outdir=${out}`, "--log-level=error"];
  try {
    execFileSync(esbuild, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
    besides(folder, name, out);
  } catch (error) {
    return { name, version, why: String(error.stderr ?? error).trim().split("\n")[0] };
  }
  writeFileSync(join(out, "index.html"), `<!doctype html><title>A peer</title><link rel="icon" href="data:,"><script type="module" src="${place}.js"></script>`);
  return { name, version, place, calls: code.includes("called ") };
}

/** esbuild leaves `new URL(…, import.meta.url)` as it is: the modules go beside the script. */
function besides(folder, name, out) {
  const root = join(folder, "node_modules", ...name.split("/").slice(0, name.startsWith("@") ? 2 : 1));
  for (const file of readdirSync(root, { recursive: true }).map(String).filter((file) => file.endsWith(".wasm"))) {
    for (const to of [join(out, file), join(out, file.split("/").at(-1))]) {
      mkdirSync(join(to, ".."), { recursive: true });
      if (!existsSync(to)) writeFileSync(to, readFileSync(join(root, file)));
    }
  }
}

const sizes = new Map();
/** Brotli bytes of a file, as a server with patience would send it. */
export function brotli(file) {
  if (!sizes.has(file)) {
    const bytes = readFileSync(file);
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: statSync(file).size, [constants.BROTLI_PARAM_LGWIN]: 22 };
    sizes.set(file, brotliCompressSync(bytes, { params }).length);
  }
  return sizes.get(file);
}

