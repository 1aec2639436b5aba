/**
 * The worker thread of the review, bundled on its own (dist/sql-review/): PostgreSQL's parser is loaded only when there is SQL to
 * review, and what it takes in time and memory is bounded from outside.
 */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import loadPgQuery from 'libpg-query/wasm/libpg-query.js';
import type { SqlFile } from './finding.ts';
import { loadPgParser } from './pg-parser.ts';
import { reviewSql } from './review-sql.ts';

const wasmFile = typeof workerData === 'string' ? workerData : join(__dirname, 'libpg-query.wasm');
const loading = loadPgParser(loadPgQuery, wasmFile);

parentPort?.on('message', (file: SqlFile) => {
  void loading.then(async (parser) => {
    parentPort?.postMessage(await reviewSql(file, parser));
  });
});
void loading.then(() => {
  parentPort?.postMessage('ready');
});
