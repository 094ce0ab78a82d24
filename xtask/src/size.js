// The sums over the files given: raw, gzip -9 and brotli 11.
const { readFileSync } = require("node:fs");
const { brotliCompressSync, constants, gzipSync } = require("node:zlib");

const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_SIZE_HINT: hint } = constants;
const sums = [0, 0, 0];
for (const file of process.argv.slice(1)) {
  const bytes = readFileSync(file);
  sums[0] += bytes.length;
  sums[1] += gzipSync(bytes, { level: 9 }).length;
  sums[2] += brotliCompressSync(bytes, { params: { [quality]: 11, [hint]: bytes.length } }).length;
}
console.log(sums.join(" "));
