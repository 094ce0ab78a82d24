// A node that lies: it gives a real node's answers, changed. The page and the package that it serves
// are true, as a copy of them from elsewhere would be; what it says of the log is not.
import { createServer } from "node:http";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/**
 * Starts it before `node`. `lie` is called with the path of each request under `/v1/` and gets
 * `{ status, headers, body }`; what it returns is sent, and nothing is, for good, if that is `null`.
 */
export async function startLiar(node) {
  const liar = { node, lie: (_path, answer) => answer, asked: [] };
  const server = createServer(async (request, response) => {
    try {
      liar.asked.push(request.url);
      const told = await ask(liar.node.url, request);
      const said = request.url.startsWith("/v1/") ? await liar.lie(request.url, told) : told;
      if (said !== null) await send(response, said);
    } catch {
      response.destroy();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  liar.url = `http://127.0.0.1:${server.address().port}`;
  liar.drop = () => server.closeAllConnections();
  liar.stop = async () => {
    server.closeAllConnections();
    server.close();
  };
  return liar;
}

async function ask(url, { url: path, headers: { accept = "*/*" } }) {
  const answer = await fetch(url + path, { headers: { accept }, redirect: "manual" });
  const headers = Object.fromEntries(answer.headers);
  // The body comes decoded, and nothing of it may be kept from one lie to the next.
  for (const name of ["content-encoding", "content-length", "transfer-encoding", "connection", "etag"]) delete headers[name];
  headers["cache-control"] = "no-store";
  // A stream has no end to wait for.
  const body = path.startsWith("/v1/stream") ? answer.body : Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers, body };
}

async function send(response, { status, headers, body }) {
  response.writeHead(status, headers);
  if (Buffer.isBuffer(body)) return response.end(body);
  return pipeline(Readable.from(body), response);
}

const evidence = (path) => /^\/v1\/(checkpoints|receipts|proofs)/.test(path);
/** A lie about evidence: what proves something, as opposed to lists and settings. */
const about = (change) => (path, answer) => (evidence(path) ? change(answer, path) : answer);
const web = (status, headers = {}) => ({ status, headers: { "content-type": "text/html", ...headers }, body: Buffer.from("<!doctype html><title>Sign in</title>") });

/** Flips a bit `distance` bytes behind the last place where the log's id stands. */
const flipBehindLog = (log, distance) => (answer) => {
  const at = answer.body.lastIndexOf(Buffer.from(log, "hex"));
  if (answer.status === 200 && at >= 0) answer.body[Math.min(at + 32 + distance, answer.body.length - 1)] ^= 1;
  return answer;
};

/** Every lie by its name. `log` is the log's id. */
export const lies = (log) => ({
  "a forged height": about(flipBehindLog(log, 7)),
  "a forged root": about(flipBehindLog(log, 80)),
  "a forged vote": about((answer) => {
    if (answer.status === 200) answer.body[answer.body.length - 5] ^= 1;
    return answer;
  }),
  "truncated": about((answer) => ({ ...answer, body: answer.body.subarray(0, answer.body.length >> 1) })),
  "one byte too many": about((answer) => ({ ...answer, body: Buffer.concat([answer.body, Buffer.from([0])]) })),
  "empty": about((answer) => ({ ...answer, status: 200, body: Buffer.alloc(0) })),
  "huge": about((answer) => ({ ...answer, body: endless() })),
  "a web page instead": about(() => web(200)),
  "a redirect to a web page": (path, answer) => (evidence(path) ? web(302, { location: "/v1/sign-in" }) : path === "/v1/sign-in" ? web(200) : answer),
  "a redirect in a circle": about((_answer, path) => web(302, { location: path })),
  "500": about(() => web(500)),
  "503 with a problem": about(() => ({ status: 503, headers: { "content-type": "application/problem+json" }, body: Buffer.from('{"code":"verified","title":"Verified","status":503}') })),
  "the connection closed half way": about((answer) => ({ ...answer, headers: { ...answer.headers, "content-length": answer.body.length + 100 } })),
});

/** More than the longest receipt has. */
function* endless() {
  const part = Buffer.alloc(1 << 20, 7);
  for (let sent = 0; sent < 80; sent += 1) yield part;
}
