// The verifier alone: receipts, offline, in a third of the bytes. No payload is opened, no step
// explained, no node asked: for those, import "cairn-light-client".
import type { Anchor, Digest, Event, Header, LogTime, Millis, Standing } from "./index.js";

/** Verifies a receipt, offline: no request is made, and no server trusted. */
export function verifyReceipt(bytes: Uint8Array | ArrayBuffer, options: VerifyOptions): Promise<VerifiedReceipt>;

export interface VerifyOptions {
  /** Where trust starts. */
  anchor: Anchor;
  /** The time to check at; by default that of the runtime's clock. */
  now?: Millis;
}

/** `failed`: it does not hold. `stale`: the anchor is too old to tell. `could-not-check`: neither. */
export type State = "failed" | "stale" | "could-not-check";

/** Why something was not verified. */
export class CairnError extends Error {
  private constructor();
  readonly name: "CairnError";
  readonly state: State;
  /** Stable, and the same as that of "cairn-light-client": `decode-truncated`, `finality-no-quorum` … */
  readonly code: string;
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
  /** Whether the receipt carries the payload. */
  readonly payloadIncluded: boolean;
  /** Your anchor. */
  readonly anchor: Anchor;
  /** A copy of the receipt's bytes. */
  toBytes(): Uint8Array;
  /** The receipt in base64 and its anchor: evidence to verify again, never a verdict. */
  toJSON(): { receipt: string; anchor: Anchor };
}
