// The API without a module: you bring it. For a runtime or a bundler that no other entry serves.
import type * as whole from "./index.js";

/** `light_client_bg.wasm` of this package and version: bytes, compiled, or a response. */
export type ModuleSource = BufferSource | WebAssembly.Module | Response;

/** The functions and classes of "cairn-light-client" over your module, asked for at the first call. */
export function withModule(
  given: ModuleSource | Promise<ModuleSource> | (() => ModuleSource | Promise<ModuleSource>),
): Pick<typeof whole, "LightClient" | "verifyReceipt" | "explainReceipt" | "verifyList" | "verifyBatch">;

export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./index.js";
export type * from "./index.js";
