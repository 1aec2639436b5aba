/** What we use of WebAssembly; its types are in TypeScript's DOM library only. */
declare namespace WebAssembly {
  type Imports = Readonly<Record<string, unknown>>;
  class Module {
    private constructor();
  }
  class Instance {
    private constructor();
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

/** The package has types for its own entry only. */
declare module 'libpg-query/wasm/libpg-query.js' {
  const loadPgQuery: import('./libpg-query.ts').LoadPgQuery;
  export default loadPgQuery;
}
