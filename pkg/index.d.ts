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

/** Follows a log through one node, which it does not trust. */
export class LightClient {
  private constructor();
  /** Takes up what was stored for this anchor, verified again. Asks the node nothing yet. */
  static connect(options: { node: string; anchor: Anchor }): Promise<LightClient>;
  readonly node: string;
  readonly anchor: Anchor;
  /** The newest header known to be final. */
  readonly head: Head | null;
  /** Why stored evidence was not taken up, if it was not. */
  readonly refusedEvidence: CairnError | null;
  /** Asks for a newer head and verifies that its history contains the one known. */
  sync(): Promise<Head>;
  /** One event, verified under the head; syncs if it must. */
  event(id: Digest): Promise<VerifiedReceipt>;
  /** A receipt that proves the event from your anchor alone: to keep, or to pass on. */
  receipt(id: Digest): Promise<VerifiedReceipt>;
  /** Verifies an event and opens its payload, with the text of a member's key file. */
  open(id: Digest, key: string): Promise<Fields>;
  /** One page of what the node *says* it has: claims. Verify an event by its `id`. */
  query(params?: EventQuery): Promise<ClaimedPage>;
}

/** A payload's values by name. */
export type Fields = Record<string, Uint8Array>;

export interface EventQuery {
  actor?: string;
  resource?: string;
  type?: string;
  stream?: string;
  writer?: Digest;
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
