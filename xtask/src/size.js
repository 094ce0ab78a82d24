// Prints the size of each file given: raw, gzip -9 and brotli 11.
const { readFileSync } = require("node:fs");
const { brotliCompressSync, constants, gzipSync } = require("node:zlib");

const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
const row = (cells, name) => console.log(cells.map((cell) => String(cell).padStart(12)).join(""), "", name);

row(["raw", "gzip -9", "brotli 11"], "bytes");
for (const file of process.argv.slice(1)) {
  const bytes = readFileSync(file);
  const gzip = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes, { params: { ...params, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  row([bytes.length, gzip.length, brotli.length], file);
}
