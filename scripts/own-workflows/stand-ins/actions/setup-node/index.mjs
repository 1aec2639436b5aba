import { readFileSync } from 'node:fs';

const wanted = readFileSync(process.env['INPUT_NODE-VERSION-FILE'] ?? '', 'utf8').trim();
if (!`${process.versions.node}.`.startsWith(`${wanted}.`)) throw new Error(`Node ${process.version}, not ${wanted}`);
