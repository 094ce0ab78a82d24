/**
 * A module fetched from beside the script. What has not the digest that the build gave it does not
 * arrive: a changed or half-copied file is an error before it is code.
 */
export async function fetchModule(url, integrity) {
  const response = await fetch(url, { integrity, credentials: "same-origin" }).catch((cause) => {
    throw new Error(`${url} is not to be had with ${integrity}: ${cause.message}`, { cause });
  });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const streams = response.headers.get("content-type") === "application/wasm";
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
