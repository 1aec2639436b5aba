// The lab's worker: one job after the other, finishes the current one at SIGTERM.
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const jobMs = Number(process.env.JOB_MS ?? 500);
let isStopping = false;
process.on('SIGTERM', () => {
  isStopping = true;
  console.log('SIGTERM: finishing the current job');
});

let done = 0;
while (!isStopping) {
  console.log(`job ${done + 1} started by ${process.env.GIT_SHA ?? ''}`);
  await delay(jobMs);
  done += 1;
  writeFileSync('/tmp/heartbeat', `${done}\n`);
  console.log(`job ${done} done`);
}
console.log(`stopped after job ${done}`);
