// Exit code 0 when the worker has finished a job within the last five seconds.
import { statSync } from 'node:fs';

const ageMs = Date.now() - statSync('/tmp/heartbeat', { throwIfNoEntry: true }).mtimeMs;
console.log(`last job ${Math.round(ageMs)} ms ago`);
process.exit(ageMs < 5000 ? 0 : 1);
