import { fileURLToPath } from 'node:url';
import loadPgQuery from 'libpg-query/wasm/libpg-query.js';
import type { LoadPgQuery } from '../../src/review/libpg-query.ts';
import { loadPgParser, type PgParser } from '../../src/review/pg-parser.ts';

export const wasmFile = fileURLToPath(import.meta.resolve('libpg-query/wasm/libpg-query.wasm'));

/** The parser in this process; what ships runs in a worker. */
export function createParser(): Promise<PgParser> {
  return loadPgParser(loadPgQuery as LoadPgQuery, wasmFile);
}
