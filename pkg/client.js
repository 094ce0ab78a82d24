// A client that follows a log. Everything it gives was verified in the module, but for `query`.
import { CairnError } from "./error.js";
import { MAKER, VerifiedEvent, deepFreeze } from "./facts.js";
import { hangUp } from "./host.js";

const parse = (text) => (text === undefined || text === null ? null : deepFreeze(JSON.parse(text)));
const verified = (views) => Object.freeze(views.map((view) => new VerifiedEvent(MAKER, view)));

function queryOf(params) {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

/** What a record is asked by, in the order in which the module takes it. */
const KEYS = {
  member: ({ name }) => [name],
  key: ({ key }) => [key],
  stream: ({ stream }) => [stream],
  membership: ({ stream, name }) => [stream, name],
  parameters: () => [],
  set: ({ epoch }) => [epoch],
  head: ({ stream, key }) => [stream, key],
  stake: ({ key }) => [key],
  power: () => [],
};

export const lightClient = (engine, { VerifiedReceipt, VerifiedList, fields }) => class LightClient {
  #setup;
  #session;

  constructor(maker, setup) {
    if (maker !== MAKER) throw new TypeError("use LightClient.connect({ node, anchor })");
    this.#setup = setup;
  }

  static async connect({ node, nodes = [node], agree = nodes.length, policy, anchor, maxAnchorAge }) {
    const text = (value) => (value === undefined || value === null ? undefined : String(value).trim());
    const asked = policy === undefined ? nodes.map(String) : [];
    const setup = [asked, Number(agree), text(policy), text(anchor), maxAnchorAge];
    const client = new LightClient(MAKER, setup);
    await client.#connected();
    return client;
  }

  get node() { return this.#setup[0][0] ?? this.nodes[0]?.node ?? null; }
  get anchor() { return this.#setup[3]; }
  get head() { return parse(this.#live()?.head()); }
  get nodes() { return parse(this.#live()?.nodes())?.nodes ?? []; }
  get notKept() { return this.#live()?.notKept() ?? null; }

  get fork() {
    const [view, file] = this.#live()?.fork() ?? [];
    if (!view) return null;
    const { error, ...rest } = JSON.parse(view);
    return Object.freeze({ ...rest, error: new CairnError(error), file });
  }

  get refusedEvidence() {
    const error = parse(this.#live()?.refusedEvidence());
    return error && new CairnError(error);
  }

  async refusedFile() { return this.#run((session) => session.refusedFile()); }

  async sync({ signal } = {}) { return parse(await this.#run((session) => session.sync(), { signal })); }

  async event(id, { private: isPrivate = false, index, signal } = {}) {
    if (!isPrivate) return this.#verified((session) => session.event(String(id)), { signal });
    const view = await this.#run((session) => session.eventInPrivate(String(id), index), { signal });
    return new VerifiedEvent(MAKER, JSON.parse(view));
  }

  async events({ private: isPrivate = false, signal, ...query } = {}) {
    const text = await this.#run((session) => session.events(queryOf(query), Boolean(isPrivate)), { signal });
    const { events, header, allBetween, next } = JSON.parse(text);
    return Object.freeze({ events: verified(events), header: deepFreeze(header), size: header.size, allBetween: deepFreeze(allBetween), next });
  }

  async history({ stream, writer, signal }) {
    const text = await this.#run((session) => session.history(String(stream), String(writer)), { signal });
    const { events, header, ...rest } = JSON.parse(text);
    return Object.freeze({ ...rest, events: verified(events), header: deepFreeze(header), size: header.size });
  }

  async state(kind, key = {}, { signal } = {}) {
    const [first = "", second = ""] = (KEYS[kind]?.(key) ?? []).map(String);
    return parse(await this.#run((session) => session.state(String(kind), first, second), { signal }));
  }

  async receipt(id, { signal } = {}) { return this.#verified((session) => session.receipt(String(id)), { signal }); }

  async list(indexes, { signal } = {}) {
    const [bytes, view] = await this.#run((session) => session.list(Float64Array.from(indexes)), { signal });
    return new VerifiedList(MAKER, { ...JSON.parse(view), bytes, anchor: this.anchor });
  }

  async open(id, key, { signal } = {}) {
    return fields(await this.#run((session) => session.open(String(id), String(key)), { signal }));
  }

  async query(params = {}) {
    return JSON.parse(await this.#run((session) => session.claimedEvents(queryOf(params))));
  }

  async *watch({ signal, after = this.head?.header, events: query } = {}) {
    const context = { signal };
    try {
      for (let last = after; ; ) {
        const head = parse(await this.#run((session) => session.nextHead(last?.digest), context));
        if (query) yield* this.#news(head, last?.size ?? 0, { ...query, signal });
        else yield head;
        last = head.header;
      }
    } finally {
      hangUp(context);
    }
  }

  // The events from an index on, in one piece with the head that they were verified under.
  async *#news(head, from, query) {
    const events = [];
    for (let cursor = `from-${from}`; cursor; ) {
      const page = await this.events({ ...query, cursor, order: "oldest", limit: 1000 });
      // What a node repeats, or shows again, is no news.
      for (const event of page.events) {
        if (event.index < from || event.index >= head.header.size) continue;
        events.push(event);
        from = event.index + 1;
      }
      cursor = page.next;
    }
    yield Object.freeze({ head, events: Object.freeze(events) });
  }

  async #verified(start, context) {
    const [bytes, anchor, now, view, checks] = await this.#run(start, context);
    const parts = { bytes, anchor, now, view: JSON.parse(view), checks: JSON.parse(checks).checks };
    return new VerifiedReceipt(MAKER, engine, parts);
  }

  async #run(start, context) {
    const session = await this.#connected();
    return engine.run(() => start(session), context);
  }

  // A session lives in one WebAssembly instance; after a trap there is another.
  async #connected() {
    const generation = await engine.ready();
    if (!this.#live()) {
      const session = await engine.run((wasm) => wasm.connect(...this.#setup));
      if (!this.#live()) this.#session = { generation, session };
      this.#setup[3] ??= session.anchor();
    }
    return this.#session.session;
  }

  #live() {
    return this.#session?.generation === engine.generation() ? this.#session.session : undefined;
  }
};
