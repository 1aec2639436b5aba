/**
 * The worker thread of the review, bundled on its own (dist/sql-review/): PostgreSQL's parser is loaded only when there is SQL to
 * review, and what it takes in time and memory is bounded from outside.
 */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import loadPgQuery from 'libpg-query/wasm/libpg-query.js';
import type { SqlFile } from './finding.ts';
import type { LoadPgQuery } from './libpg-query.ts';
import { loadPgParser } from './pg-parser.ts';
import { reviewSql } from './review-sql.ts';
import { asFields } from './tree.ts';

const { wasmFile } = asFields(workerData);
// V8 would optimize the parser's one huge function beside the work, which takes it 600 MB and seconds of a processor, and no process
// ends before that has: for texts that are read in a tenth of the time without. One of the two flags alone prevents nothing.
setFlagsFromString('--no-wasm-tier-up');
setFlagsFromString('--no-wasm-dynamic-tiering');
// The package ships this file without types; libpg-query.ts has those of its exact version.
const loading = loadPgParser(
  loadPgQuery as LoadPgQuery,
  typeof wasmFile === 'string' ? wasmFile : join(__dirname, 'libpg-query.wasm'),
);

parentPort?.on('message', (file: SqlFile) => {
  void loading.then(async (parser) => {
    parentPort?.postMessage(await reviewSql(file, parser));
  });
});
void loading.then(() => {
  parentPort?.postMessage('ready');
});
