// What a runtime or a bundler makes of a `.wasm` import is its own; workerd and Deno's `import source`
// give a compiled module.
declare const module: WebAssembly.Module;
export default module;
