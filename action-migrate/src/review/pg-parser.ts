import { readFileSync } from 'node:fs';
import type { LoadPgQuery, PgQueryModule } from './libpg-query.ts';
import { asFields, asNode, type Fields, type TreeNode } from './tree.ts';

/** A statement that PostgreSQL found in a text. */
export interface ParsedStatement {
  readonly node: TreeNode;
  /** Where it begins in the text, in bytes of UTF-8. */
  readonly location: number;
}

export type Parsed<T> =
  | { readonly kind: 'parsed'; readonly value: T }
  /** PostgreSQL's own words. `at`: in characters, from 0; undefined where it names no place. */
  | { readonly kind: 'refused'; readonly message: string; readonly at: number | undefined }
  /** The parser ran out of stack or memory: nothing is known about the text. */
  | { readonly kind: 'exhausted' };

/** PostgreSQL's own parser. */
export interface PgParser {
  parse(sql: string): Parsed<readonly ParsedStatement[]>;
  /** Functions of a `DO` or `CREATE FUNCTION … LANGUAGE plpgsql` statement. */
  parsePlpgsql(statement: string): Parsed<Fields>;
  /** To be awaited after `exhausted`, before the next text. */
  renew(): Promise<void>;
}

type Compiled = (imports: WebAssembly.Imports) => Promise<WebAssembly.Instance>;
/** What the parser may take for itself, in bytes; its own limit would be 1 GiB. */
const mostMemory = 128 * 1024 * 1024;

/**
 * Loads the parser.
 * @param wasmFile libpg-query.wasm
 */
export async function loadPgParser(loadPgQuery: LoadPgQuery, wasmFile: string): Promise<PgParser> {
  const compiled = await WebAssembly.compile(readFileSync(wasmFile));
  const create = (): Promise<PgQueryModule> =>
    startModule(loadPgQuery, async (imports) => WebAssembly.instantiate(compiled, imports));
  return new Libpgquery(create, await create());
}

function startModule(loadPgQuery: LoadPgQuery, instantiate: Compiled): Promise<PgQueryModule> {
  return new Promise((resolve, reject) => {
    loadPgQuery({
      instantiateWasm: (imports, done) => {
        instantiate(imports).then((instance) => {
          boundMemory(instance);
          done(instance);
        }, reject);
      },
    }).then(resolve, reject);
  });
}

/** Never leaves this file: the parse counts as exhausted. */
class OutOfMemory extends Error {}

/** A worker's limits do not count WebAssembly's memory. What may not grow makes malloc answer NULL. */
function boundMemory({ exports }: WebAssembly.Instance): void {
  for (const memory of Object.values(exports)) {
    if (!(memory instanceof WebAssembly.Memory)) continue;
    const grow = memory.grow.bind(memory);
    memory.grow = (pages) => {
      if (memory.buffer.byteLength + pages * 65_536 > mostMemory) throw new OutOfMemory();
      return grow(pages);
    };
  }
}

class Libpgquery implements PgParser {
  readonly #create: () => Promise<PgQueryModule>;
  #module: PgQueryModule;
  #isSpent = false;

  constructor(create: () => Promise<PgQueryModule>, module: PgQueryModule) {
    this.#create = create;
    this.#module = module;
  }

  parse(sql: string): Parsed<readonly ParsedStatement[]> {
    return this.#guard<readonly ParsedStatement[]>((module) => {
      const result = this.#call(module, module._wasm_parse_query_raw, sql);
      try {
        const error = module.getValue(result + 8, 'i32');
        if (error !== 0) return refusal(module, error);
        const tree = asFields(JSON.parse(module.UTF8ToString(module.getValue(result, 'i32'))));
        return { kind: 'parsed', value: readStatements(tree) };
      } finally {
        module._wasm_free_parse_result(result);
      }
    });
  }

  parsePlpgsql(statement: string): Parsed<Fields> {
    return this.#guard<Fields>((module) => {
      const result = this.#call(module, module._wasm_parse_plpgsql, statement);
      try {
        const text = module.UTF8ToString(result);
        // A JSON object, or an error's message.
        if (text.startsWith('{')) return { kind: 'parsed', value: asFields(JSON.parse(text)) };
        return { kind: 'refused', message: text, at: undefined };
      } finally {
        module._wasm_free_string(result);
      }
    });
  }

  async renew(): Promise<void> {
    if (!this.#isSpent) return;
    this.#module = await this.#create();
    this.#isSpent = false;
  }

  /** An exception that is not PostgreSQL's own leaves the module in an unknown state: it is not used again. */
  #guard<T>(read: (module: PgQueryModule) => Parsed<T>): Parsed<T> {
    if (this.#isSpent) return { kind: 'exhausted' };
    try {
      const parsed = read(this.#module);
      return isExhaustion(parsed) ? { kind: 'exhausted' } : parsed;
    } catch {
      this.#isSpent = true;
      return { kind: 'exhausted' };
    }
  }

  #call(module: PgQueryModule, parse: (text: number) => number, sql: string): number {
    const size = module.lengthBytesUTF8(sql) + 1;
    const text = module._malloc(size);
    if (text === 0) throw new OutOfMemory();
    try {
      module.stringToUTF8(sql, text, size);
      const result = parse(text);
      if (result === 0) throw new OutOfMemory();
      return result;
    } finally {
      module._free(text);
    }
  }
}

/** PostgreSQL's parser says so itself when its own stack or memory does not suffice. */
function isExhaustion(parsed: Parsed<unknown>): boolean {
  return parsed.kind === 'refused' && /^(memory exhausted|out of memory|stack depth limit)/.test(parsed.message);
}

/** Fields of PgQueryError, four bytes each: message, function, file, line, cursor position (from 1; 0 = none). */
function refusal(module: PgQueryModule, error: number): Parsed<never> {
  const position = module.getValue(error + 16, 'i32');
  return {
    kind: 'refused',
    message: module.UTF8ToString(module.getValue(error, 'i32')),
    at: position > 0 ? position - 1 : undefined,
  };
}

function readStatements(tree: Fields): readonly ParsedStatement[] {
  const list: unknown = tree['stmts'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const fields = asFields(entry);
    const node = asNode(fields['stmt']);
    const location = fields['stmt_location'];
    return node === undefined ? [] : [{ node, location: typeof location === 'number' ? location : 0 }];
  });
}
