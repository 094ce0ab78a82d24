// The tarball as registries and type checkers see it.
import { join } from "node:path";
import test from "node:test";
import { TARBALL, bin, output, project } from "./lib.mjs";

test("publint finds nothing", async () => {
  const folder = await project("publint");
  await output(bin("publint"), ["--strict", join(folder, "node_modules/cairn-light-client")], folder);
});

test("every entry's types are found (attw)", async () => {
  const folder = await project("attw");
  await output(bin("attw"), [TARBALL, "--profile", "esm-only", "--no-emoji"], folder);
});
