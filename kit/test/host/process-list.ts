import { readdirSync, readFileSync } from 'node:fs';

/** Whether a process of this machine has this argument: tests let their commands sleep for unusual numbers of seconds. */
export function isRunning(argument: string): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
    } catch {
      return false;
    }
  });
}

/** A time for `sleep` that no other run of these tests on this machine sleeps for. */
export function unique(seconds: string): string {
  return `${seconds}.${process.pid}`;
}
