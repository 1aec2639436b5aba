/**
 * The functions of libpg-query's WebAssembly module that we call (its `wasm/libpg-query.js`, made by Emscripten). The package's
 * own entry loads the .wasm on import and from a place that a bundle does not have, and lets it take 1 GiB.
 */
export interface PgQueryModule {
  readonly _malloc: (size: number) => number;
  readonly _free: (pointer: number) => void;
  readonly _wasm_parse_query_raw: (text: number) => number;
  readonly _wasm_free_parse_result: (result: number) => void;
  readonly _wasm_parse_plpgsql: (text: number) => number;
  readonly _wasm_free_string: (text: number) => void;
  readonly lengthBytesUTF8: (text: string) => number;
  readonly stringToUTF8: (text: string, pointer: number, size: number) => void;
  readonly UTF8ToString: (pointer: number) => string;
  readonly getValue: (pointer: number, type: 'i32') => number;
}

/** Makes one instance of the module, with the .wasm that the caller instantiates. */
export type LoadPgQuery = (options: {
  readonly instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => void;
}) => Promise<PgQueryModule>;
