import type { Digest, Fields, LightClient, Millis, Party, VerifiedReceipt } from "./index.js";

/** A key that signs events, made in this browser and never readable: WebCrypto keeps it. */
export class WriterKey {
  private constructor();
  readonly id: Digest;
  readonly publicKey: Uint8Array;
  sign(what: { message: Uint8Array; body: Uint8Array }): Promise<Uint8Array>;
}

/** A member's keys: they sign events and open payloads. In this page's memory until `lock`. */
export class MemberKey {
  private constructor();
  /** Of the key that signs. */
  readonly id: Digest;
  readonly publicKey: Uint8Array;
  /** Of the key that wraps are made for. */
  readonly wrapId: Digest;
  readonly wrapPublicKey: Uint8Array;
  sign(what: { message: Uint8Array; body: Uint8Array }): Promise<Uint8Array>;
  /** The key file's text: for `client.open(id, key.reveal())`, or to keep elsewhere. */
  reveal(): string;
  /** Wipes it from this object; what `reveal` gave is yours to forget. */
  lock(): void;
}

/** Keys kept in this browser, by names of yours. None is ever sent. */
export const keys: {
  /** Makes a key that signs, non-extractable. `client-no-ed25519` where WebCrypto has none. */
  create(name: string): Promise<WriterKey>;
  /** Makes a member's keys and keeps them under a passphrase (PBKDF2, 600,000 rounds; AES-GCM). */
  make(name: string, passphrase: string): Promise<MemberKey>;
  /** Takes a key file's text and keeps it under a passphrase. */
  import(name: string, text: string, passphrase: string): Promise<MemberKey>;
  /** A key file's text as a key that is kept nowhere. */
  fromText(text: string): Promise<MemberKey>;
  /** A kept key; a member's needs its passphrase. */
  load(name: string, passphrase?: string): Promise<WriterKey | MemberKey>;
  list(): Promise<{ name: string; kind: "writer" | "member"; id: Digest }[]>;
  forget(name: string): Promise<void>;
};

export interface Draft {
  /** Name or id; the log's first stream if not said. A name is held against the log's state. */
  stream?: string;
  type: string;
  actor: Party;
  resource: Party & { parent?: string };
  outcome?: "unknown" | "success" | "failure" | "denied";
  reason?: string;
  metadata?: { [key: string]: string };
  time?: Millis;
  kind?: "record" | "import";
  payload?: { public: Uint8Array } | SealedPayload;
  /** Where the writer stands, if you keep that yourself; the node is asked otherwise. */
  place?: { stream: Digest; sequence: number; previous: Digest };
}

export interface SealedPayload {
  readonly fields: { [name: string]: Uint8Array | string };
  readonly recipients: readonly string[];
}

/** An event that is signed and not yet given away. */
export interface SignedEvent {
  readonly id: Digest;
  readonly signed: Uint8Array;
  readonly payload: Uint8Array | null;
  readonly wraps: readonly { readonly key: Digest; readonly wrap: Uint8Array }[];
}

/** A payload that only these members open: for `payload` of a draft. */
export function seal(fields: Fields | { [name: string]: string }, recipients: Iterable<string>): SealedPayload;

/** Signs an event for the log that the client follows; the recipients' keys are proven. */
export function signEvent(
  client: LightClient,
  key: WriterKey | MemberKey,
  draft: Draft,
  options?: { signal?: AbortSignal },
): Promise<SignedEvent>;

export interface SubmitOptions {
  /** An API key of the node, if it asks for one. */
  apiKey?: string;
  signal?: AbortSignal;
}

/** Gives events to the node, all or none. It says that they are durable there: its word. */
export function submit(
  client: LightClient,
  events: SignedEvent | readonly SignedEvent[],
  options?: SubmitOptions & { wait?: "accepted" },
): Promise<{ id: Digest; index: number; status: string; duplicate: boolean }[]>;
/** The same, and waits until each is verified under a final header. */
export function submit(
  client: LightClient,
  events: SignedEvent | readonly SignedEvent[],
  options: SubmitOptions & { wait: "final"; patience?: Millis },
): Promise<VerifiedReceipt[]>;

export { CairnError } from "./index.js";
