// What the tests share: vectors, and a node that answers from `town.json`.
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";

const vectorDir = new URL("../../tests/vectors/receipts/", import.meta.url);

export const bytesOf = (base64) => new Uint8Array(Buffer.from(base64, "base64"));

export function vector(name) {
  const json = JSON.parse(readFileSync(new URL(`${name}.json`, vectorDir), "utf8"));
  return { ...json, name, bytes: bytesOf(json.receipt) };
}

export function vectors() {
  const names = readdirSync(vectorDir).filter((name) => name.endsWith(".json"));
  return names.map((name) => vector(name.slice(0, -".json".length)));
}

export const town = JSON.parse(readFileSync(new URL("town.json", import.meta.url), "utf8"));

/** A node; `phase` says at which of the two times it is, `bend` may change what it answers. */
export async function startNode(t) {
  const node = { phase: 0, bend: (_path, body) => body, asked: [], streams: new Set() };
  // Says on every open stream that there is a block, or `text` instead; `null` ends them.
  node.say = (text) => {
    for (const stream of node.streams) {
      if (text === null) stream.end();
      else stream.write(text ?? `event: block\nid: 1000-1000\ndata: {}\n\n`);
    }
  };
  const server = createServer((request, response) => {
    node.asked.push(request.url);
    if (request.url.startsWith("/v1/stream?")) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(":alive\n\n");
      node.streams.add(response);
      response.on("close", () => node.streams.delete(response));
      return undefined;
    }
    const body = answer(node.phase, request);
    const bent = body && node.bend(request.url, body);
    if (bent) return response.end(bent);
    const code = problem(node.phase, request.url);
    response.writeHead(404, { "content-type": "application/problem+json" });
    response.end(JSON.stringify({ title: code, status: 404, detail: "as it is", code }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  t.mock.method(Date, "now", () => town.phases[node.phase].now);
  node.url = `http://127.0.0.1:${server.address().port}`;
  return node;
}

function answer(phase, { url, headers }) {
  if (url.startsWith("/v1/events?")) {
    const from = Number(/cursor=from-(\d+)/.exec(url)?.[1] ?? 0);
    const events = town.phases[phase].ids.map((id, index) => ({ id, index })).slice(from);
    return Buffer.from(JSON.stringify({ events, next: null }));
  }
  if (url === `/v1/wraps/${town.sealed}`) {
    const said = `key=${town.auditorKey}, time=${Date.now()}, origin=http://${headers.host}`;
    const signed = new RegExp(`^Cairn ${said}, signature=[0-9a-f]{128}$`);
    return signed.test(headers.authorization) ? Buffer.from(town.wrap, "base64") : undefined;
  }
  const body = town.phases[phase].answers[url];
  return body && Buffer.from(body, "base64");
}

function problem(phase, url) {
  if (url.startsWith("/v1/wraps/")) return "no-wrap-for-this-key";
  const known = town.phases[phase].ids.some((id) => url.startsWith(`/v1/receipts/${id}?`));
  return known ? "not-in-base" : "unknown-event";
}

/** The code of what a promise is rejected with. */
export async function codeOf(promise) {
  try {
    await promise;
    return "ok";
  } catch (error) {
    if (error.name !== "CairnError") throw error;
    return error.code;
  }
}
