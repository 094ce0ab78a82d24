// Each module comes twice: with vector instructions, and without for runtimes that refuse those.

// A function with one of them: `i8x16.popcnt(i8x16.splat(0))`.
const PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

let known;

/** Whether this runtime has vector instructions. Asked once. */
export const hasSimd = () => (known ??= WebAssembly.validate(new Uint8Array(PROBE)));
