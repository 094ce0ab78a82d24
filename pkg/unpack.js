/** Bytes from the text that the build makes of them: deflated, then five digits of base 85 for four bytes. */
export function unpack(text) {
  const length = Math.floor((text.length * 4) / 5);
  const view = new DataView(new ArrayBuffer(length + 3));
  for (let at = 0; at < text.length; at += 5) {
    let word = 0;
    for (let place = at; place < at + 5; place += 1) word = word * 85 + digit(text.charCodeAt(place));
    view.setUint32((at / 5) * 4, word);
  }
  const packed = new Uint8Array(view.buffer, 0, length);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}

// The letters from `(` to `~` without `<` and the backslash; the highest digit where the text is over.
const digit = (code) => (Number.isNaN(code) ? 84 : code - 40 - (code > 60) - (code > 92));
