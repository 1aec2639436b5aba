/** What we use of WebAssembly; its types are in TypeScript's DOM library only. */
declare namespace WebAssembly {
  type Imports = Readonly<Record<string, unknown>>;
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module';
  }
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  class Memory {
    private constructor();
    readonly buffer: ArrayBuffer;
    grow: (pages: number) => number;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
  function instantiate(module: Module, imports: Imports): Promise<Instance>;
}

/** The package has types for its own entry only; ours are in libpg-query.ts. */
declare module 'libpg-query/wasm/libpg-query.js' {
  const loadPgQuery: unknown;
  export default loadPgQuery;
}
