// The packed package in programs: Node.js of each line, Deno, Bun, workerd.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { build } from "esbuild";
import { HERE, bin, expect, output, project, start, startTown } from "./lib.mjs";

const ask = async (t, given, program, args, folder, env) =>
  expect(await output(program, [...args, JSON.stringify(given)], folder, env), given);

test("Node.js, this one", async (t) => {
  const given = await startTown(t);
  await ask(t, given, process.execPath, ["program.js"], await project("node"));
});

for (const line of ["22", "24"]) {
  test(`Node.js ${line}, by import and by require`, async (t) => {
    const node = join(HERE, `node_modules/node-${line}/bin/node`);
    if (!existsSync(node)) return t.skip(`node ${line} comes from npm for Linux on x86-64 alone`);
    const [given, folder] = [await startTown(t), await project(`node-${line}`)];
    await ask(t, given, node, ["program.js"], folder);
    await ask(t, given, node, ["program.cjs"], folder);
  });
}

test("Deno, which may read no file", async (t) => {
  const given = await startTown(t);
  const host = new URL(given.log.node).host;
  const args = ["run", "--no-prompt", `--allow-net=${host}`, "--node-modules-dir=manual", "program.js"];
  const folder = await project("deno");
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "dependencies": { "cairn-light-client": "*" } }');
  await ask(t, given, bin("deno"), args, folder);
});

test("Bun", async (t) => {
  const given = await startTown(t);
  await ask(t, given, bin("bun"), ["program.js"], await project("bun"));
});

// As Cloudflare's own tools build: one script, and each module beside it.
test("workerd", async (t) => {
  const [given, folder] = [await startTown(t), await project("workerd")];
  const modules = new Map();
  const beside = {
    name: "modules beside the script",
    setup: ({ onResolve }) => onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => {
      const name = path.split("/").at(-1);
      modules.set(name, join(resolveDir, path));
      return { path: `./${name}`, external: true };
    }),
  };
  await build({
    absWorkingDir: folder, entryPoints: ["worker.js"], outfile: join(folder, "out.js"), bundle: true, format: "esm",
    conditions: ["workerd", "worker", "browser"], plugins: [beside], logLevel: "warning",
  });
  const parts = [...modules].map(([name, path]) => `(name = "${name}", wasm = embed "${path.slice(folder.length + 1)}")`);
  writeFileSync(join(folder, "config.capnp"), `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [
        (name = "main", worker = (
          modules = [(name = "out.js", esModule = embed "out.js"), ${parts.join(", ")}],
          compatibilityDate = "2026-07-01", globalOutbound = "loopback")),
        (name = "loopback", network = (allow = ["private", "public"])),
      ],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
    );`);
  const args = ["serve", "config.capnp", "--control-fd=1"];
  const [, port] = await start(t, bin("workerd"), args, folder, /"port":(\d+)/);
  const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: JSON.stringify(given) });
  expect(await response.text(), given);
});
