/**
 * Where trust starts: `genesis:` or `checkpoint:` and 64 lower-case hex digits. It is the one thing
 * given, so take it from elsewhere than from the node that you want to check.
 */
export type Anchor = string;

/** 64 lower-case hex digits. */
export type Digest = string;

/** Milliseconds since 1970. */
export type Millis = number;

/** Verifies a receipt, offline: no request is made, and no server trusted. */
export function verifyReceipt(
  bytes: Uint8Array | ArrayBuffer,
  anchor: Anchor,
  options?: VerifyOptions,
): Promise<VerifiedReceipt>;

/** Verifies a receipt and tells every step; does not throw for a receipt that does not hold. */
export function explainReceipt(
  bytes: Uint8Array | ArrayBuffer,
  anchor: Anchor,
  options?: VerifyOptions,
): Promise<Explanation>;

export interface VerifyOptions {
  /** The time to check at; by default that of the runtime's clock. */
  now?: Millis;
}

export type Explanation =
  | { state: "verified"; checks: readonly Check[]; receipt: VerifiedReceipt; error: null }
  | { state: State; checks: readonly Check[]; receipt: null; error: CairnError };

/**
 * `failed`: it does not hold. `stale`: the anchor is too old to tell; pin a newer one.
 * `not-final`: a node accepted it, no final header has it yet. `could-not-check`: it cannot be decided
 * with what is at hand (no network, wrong clock, newer format, no key).
 */
export type State = "failed" | "stale" | "not-final" | "could-not-check";

/** Why something was not verified. */
export class CairnError extends Error {
  private constructor();
  readonly name: "CairnError";
  readonly state: State;
  /** Stable, the same in every runtime: `decode-truncated`, `finality-no-quorum`, `client-network` … */
  readonly code: string;
  /** What was expected, where the error has two sides. */
  readonly expected: string | null;
  /** What was found. */
  readonly found: string | null;
  /** The node's own error code, for `client-http-status`: a claim. */
  readonly problem: string | null;
  /** The checks that passed before. */
  readonly checks: readonly Check[];
}

/** A receipt that holds. Only checking makes one. */
export class VerifiedReceipt {
  private constructor();
  /** The event's id. */
  readonly id: Digest;
  /** Its place in the log, from 0. */
  readonly index: number;
  /** What its writer signed. Actor, resource, outcome and time are the writer's claims. */
  readonly event: Event;
  /** The final header that proves it. */
  readonly header: Header;
  /** The suite of the writer's key: `Ed25519` does not withstand a quantum computer. */
  readonly writerSuite: string;
  /** The member that the log's state gives the writer's key to, if the receipt proves it. */
  readonly writerName: string | null;
  /** What the verdict rests on. */
  readonly standing: Standing;
  /** When it was logged, if the receipt proves it. */
  readonly logTime: LogTime | null;
  /** Each check that passed, in order. */
  readonly checks: readonly Check[];
  /** Whether the receipt carries the payload. */
  readonly payloadIncluded: boolean;
  /** What the receipt starts from: your anchor, or a head that was verified under it. */
  readonly anchor: Anchor;
  /** Opens the payload that the receipt carries, with the text of a member's key file. */
  open(key: string): Promise<Fields>;
  /** A copy of the receipt's bytes. */
  toBytes(): Uint8Array;
  /** The receipt in base64 and its anchor: evidence to verify again, never a verdict. */
  toJSON(): { receipt: string; anchor: Anchor };
}

/** Verifies a file that proves many events at once (`client.list` makes one), offline. */
export function verifyList(
  bytes: Uint8Array | ArrayBuffer,
  anchor: Anchor,
  options?: VerifyOptions,
): Promise<VerifiedList>;

/** Many events in one file that holds. Only checking makes one. */
export class VerifiedList {
  private constructor();
  readonly anchor: Anchor;
  /** The header under which all of them are. */
  readonly header: Header;
  readonly standing: Standing;
  /** Ascending by index. Of events that are not in it a list says nothing. */
  readonly events: readonly VerifiedEvent[];
  /** A copy of the file's bytes. */
  toBytes(): Uint8Array;
}

/** An event that was verified with others: what a receipt says, without bytes of its own. */
export class VerifiedEvent {
  private constructor();
  readonly id: Digest;
  readonly index: number;
  /** What its writer signed. Actor, resource, outcome and time are the writer's claims. */
  readonly event: Event;
  /** The final header under which it was verified. */
  readonly header: Header;
  readonly writerSuite: string;
  /** The member that the log's state gives the writer's key to, if that was proven. */
  readonly writerName: string | null;
  readonly standing: Standing;
  /** Id and index: never a verdict. */
  toJSON(): { id: Digest; index: number };
}

/**
 * Verifies many receipts, letting go of the thread every few milliseconds. To keep a page quick with
 * thousands, use a worker: `cairn-light-client/worker`. Rejects only if `signal` ends it.
 */
export function verifyBatch(
  receipts: Iterable<Uint8Array | ArrayBuffer | Blob>,
  anchor: Anchor,
  options?: BatchOptions,
): Promise<Batch>;

export interface BatchOptions extends VerifyOptions {
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number; counts: BatchCounts }) => void;
}

export type BatchCounts = { [state in State | "verified"]: number };

export interface Batch {
  counts: BatchCounts;
  /** One row a receipt, in their order: for tables, not to build on. */
  rows: BatchRow[];
}

export interface BatchRow {
  /** The receipt's place in what was given. */
  at: number;
  state: State | "verified";
  id: Digest | null;
  index: number | null;
  error: { code: string; message: string; expected: string | null; found: string | null } | null;
}

/** Follows a log through one node or several, none of which it trusts. */
export class LightClient {
  private constructor();
  /** Takes up what was stored for this anchor, verified again. Asks no node yet. */
  static connect(options: ConnectOptions): Promise<LightClient>;
  /** The node that is asked first. */
  readonly node: string | null;
  readonly anchor: Anchor;
  /** Each node, and what it showed when it was last asked. */
  readonly nodes: readonly NodeReport[];
  /** The newest header known to be final. */
  readonly head: Head | null;
  /**
   * Evidence that the log was forked, once there is any. From then on every call that needs a head
   * fails with `client-equivocation`, also after a reload. Show it, and hand `file` on.
   */
  readonly fork: Fork | null;
  /** Why stored evidence was not taken up, if it was not. It is set aside, not thrown away. */
  readonly refusedEvidence: CairnError | null;
  /** Why evidence is not kept for the next visit (no storage, none left), if it is not. */
  readonly notKept: string | null;
  /** The evidence that was refused, for who wants to find out why. */
  refusedFile(): Promise<Uint8Array | null>;
  /** Asks for a newer head, compares the nodes, and verifies that its history contains the one known. */
  sync(options?: CallOptions): Promise<Head>;
  /** One event, verified under the head; syncs if it must. */
  event(id: Digest, options?: CallOptions & { private?: false }): Promise<VerifiedReceipt>;
  /**
   * The same without telling the node which: it is asked for the run of 256 events that has `index`, or
   * for all of them, newest first, until the event is found.
   */
  event(id: Digest, options: CallOptions & { private: true; index?: number }): Promise<VerifiedEvent>;
  /** One page of what a query finds, each event verified under the head and held against the query. */
  events(query?: EventQuery & CallOptions & { private?: boolean }): Promise<EventPage>;
  /** All that a key wrote in a stream up to the head, proven to be all. */
  history(of: { stream: Digest; writer: Digest } & CallOptions): Promise<History>;
  /** What the log's state has of one kind and key under the head, or that it has nothing. */
  state<K extends keyof StateKeys>(kind: K, key?: StateKeys[K], options?: CallOptions): Promise<StateFact>;
  /** Each new head as it comes, verified. Goes on through outages; ends by `signal`, or a lie. */
  watch(options?: CallOptions & { after?: Header }): AsyncGenerator<Head, void, void>;
  /**
   * The same with the events that came with each head and that a query finds: none twice, each verified.
   * Which ones the node lists is its choice.
   */
  watch(options: CallOptions & { after?: Header; events: EventQuery }): AsyncGenerator<News, void, void>;
  /** A receipt that proves the event from your anchor alone: to keep, or to pass on. */
  receipt(id: Digest, options?: CallOptions): Promise<VerifiedReceipt>;
  /** The events at these indexes, ascending, in one file that proves them from your anchor alone. */
  list(indexes: Iterable<number>, options?: CallOptions): Promise<VerifiedList>;
  /** Verifies an event and opens its payload, with the text of a member's key file. */
  open(id: Digest, key: string, options?: CallOptions): Promise<Fields>;
  /** One page of what the node *says* it has: claims. `events` verifies them. */
  query(params?: EventQuery): Promise<ClaimedPage>;
}

export type ConnectOptions = {
  anchor: Anchor;
  /** How old the anchor may be, if less than the log's trust period. */
  maxAnchorAge?: Millis;
} & (
  | { node: string }
  | {
      nodes: string[];
      /** How many of them must show a head before it is taken; all, if not said. */
      agree?: number;
    }
) | {
  /** A policy file (see the README). Its `log` is the anchor, unless one is given beside it. */
  policy: string;
  anchor?: Anchor;
  maxAnchorAge?: Millis;
};

export interface CallOptions {
  signal?: AbortSignal;
}

export interface NodeReport {
  readonly name: string;
  readonly node: string;
  /** The verified head that it showed. */
  readonly header: Header | null;
  /** Why it showed none. */
  readonly error: { readonly state: State; readonly code: string; readonly message: string } | null;
}

export interface Fork {
  /** What the file is checked against: `cairn verify FILE --anchor ANCHOR`. */
  readonly anchor: Anchor;
  readonly height: number;
  /** Two headers that are both final at this height. */
  readonly first: Digest;
  readonly second: Digest;
  readonly error: CairnError;
  /** The evidence file. */
  readonly file: Uint8Array;
}

export interface EventPage {
  readonly events: readonly VerifiedEvent[];
  /** The header under which all of them were verified. */
  readonly header: Header;
  /** How many events the log has under it: nothing is said of later ones. */
  readonly size: number;
  /**
   * From which index up to which (not included) these are *all* that the query finds, because every
   * event there was verified and looked at here (`private`). `null`: the node chose, and may leave out.
   */
  readonly allBetween: { readonly from: number; readonly to: number } | null;
  /** For the next page, as `cursor`. */
  readonly next: string | null;
}

export interface History {
  readonly stream: Digest;
  readonly writer: Digest;
  readonly header: Header;
  readonly size: number;
  /** Oldest first: all there are under this header. */
  readonly events: readonly VerifiedEvent[];
}

export interface StateKeys {
  member: { name: string };
  key: { key: Digest };
  stream: { stream: Digest };
  membership: { stream: Digest; name: string };
  parameters: Record<string, never>;
  set: { epoch: number };
  head: { stream: Digest; key: Digest };
  stake: { key: Digest };
  power: Record<string, never>;
  system: Record<string, never>;
}

export interface StateFact {
  /** After this header's block it is so. */
  readonly header: Header;
  /** The record; `null` is proven too: there is none. */
  readonly record: { readonly kind: string; readonly [name: string]: unknown } | null;
}

export interface News {
  readonly head: Head;
  readonly events: readonly VerifiedEvent[];
}

/** A payload's values by name. */
export type Fields = Record<string, Uint8Array>;

export interface EventQuery {
  actor?: string;
  resource?: string;
  type?: string;
  parent?: string;
  kind?: string;
  outcome?: string;
  /** Each of the first four also by its beginning. */
  "actor-prefix"?: string;
  "resource-prefix"?: string;
  "type-prefix"?: string;
  "parent-prefix"?: string;
  /** Its id, which is checked; or its name, which only the node can apply. */
  stream?: string;
  writer?: Digest;
  /** Milliseconds, which are checked; or a text that only the node can apply. */
  from?: Millis | string;
  to?: Millis | string;
  limit?: number;
  cursor?: string;
  order?: "newest" | "oldest";
}

export interface ClaimedPage {
  events: { id: Digest; [name: string]: unknown }[];
  /** For the next page, as `cursor`. */
  next: string | null;
  [name: string]: unknown;
}

export interface Head {
  readonly header: Header;
  readonly standing: Standing;
  /** When the node last showed it; `null` if it was only loaded. */
  readonly syncedAt: Millis | null;
}

export interface Standing {
  readonly anchor: Anchor;
  /** Whether every validator set since the anchor has post-quantum keys; `null` if none was used. */
  readonly postQuantum: boolean | null;
  /** The largest voting power, where one validator holds a third or more. */
  readonly concentrated: { readonly power: string; readonly total: string } | null;
  /** What the certificate weighed. */
  readonly signed: Signed | null;
  /** In milliseconds, 0 for none. */
  readonly trustPeriod: Millis;
}

export interface Signed {
  readonly votes: number;
  readonly power: string;
  readonly total: string;
}

export interface LogTime {
  /** It was not in the log at this time; `null` if that is not proven. */
  readonly after: Millis | null;
  /** It was in the log at this time. */
  readonly until: Millis;
}

export interface Header {
  readonly digest: Digest;
  readonly log: Digest;
  readonly height: number;
  readonly epoch: number;
  readonly time: Millis;
  readonly parent: Digest;
  /** How many events the log has. */
  readonly size: number;
  readonly root: Digest;
  readonly sha256Root: Digest;
  readonly headerRoot: Digest;
  readonly epochStart: number;
  readonly set: Digest;
  readonly nextSet: Digest;
  readonly stateRoot: Digest;
  readonly gate: number;
  readonly trustPeriod: Millis;
}

export interface Party {
  readonly kind: string;
  readonly id: string;
}

export interface Event {
  readonly log: Digest;
  readonly stream: Digest;
  readonly writer: Digest;
  readonly sequence: number;
  readonly previous: Digest;
  readonly time: Millis;
  readonly kind: string;
  readonly type: string;
  readonly actor: Party;
  readonly resource: Party & { readonly parent: string };
  readonly outcome: string;
  readonly reason: string;
  readonly metadata: { readonly [key: string]: string };
  readonly groupEpoch: number;
  readonly generation: number;
  readonly payload:
    | { readonly kind: "none" }
    | { readonly kind: "public"; readonly digest: Digest; readonly length: number }
    | {
        readonly kind: "sealed";
        readonly digest: Digest;
        readonly length: number;
        readonly keyCommitment: Digest;
        readonly fieldRoot: Digest;
      };
}

/** A check that passed, with its inputs. */
export type Check =
  | { readonly check: "decoded"; readonly bytes: number }
  | { readonly check: "anchor"; readonly anchor: Anchor }
  | { readonly check: "trust-period"; readonly age: Millis; readonly period: Millis }
  | { readonly check: "vote"; readonly index: number; readonly suite: string; readonly power: string; readonly total: string }
  | { readonly check: "quorum"; readonly signed: Signed }
  | { readonly check: "final"; readonly height: number; readonly digest: Digest }
  | { readonly check: "handover"; readonly epoch: number; readonly height: number }
  | { readonly check: "writer"; readonly event: Digest; readonly key: Digest }
  | { readonly check: "included"; readonly index: number; readonly size: number; readonly root: Digest; readonly steps: number }
  | { readonly check: "log-time"; readonly between: LogTime }
  | { readonly check: "payload"; readonly digest: Digest }
  | { readonly check: "name"; readonly key: Digest };
