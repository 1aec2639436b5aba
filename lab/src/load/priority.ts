import { readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const AHEAD = -10;
const BEHIND = 10;

/**
 * Lets a process and its session go before others on a busy machine: by its own priority, and by that of its session's
 * group where the kernel shares processors by session (autogroup). Takes root.
 * @returns whether it was allowed
 */
export function raisePriority(pid: number): boolean {
  try {
    setPriority(pid, AHEAD);
  } catch {
    return false;
  }
  try {
    writeFileSync(`/proc/${String(pid)}/autogroup`, String(AHEAD));
  } catch {
    // A kernel without autogroup shares by process.
  }
  return true;
}

/**
 * Lets this process, what it starts from now on, and its session stand behind others: it plays a machine that is not the
 * server.
 * @returns what gives the session its share back; the process itself stays behind where it is not root
 */
export function lowerPriority(): () => void {
  const group = '/proc/self/autogroup';
  let before: string | undefined;
  setPriority(BEHIND);
  try {
    before = /nice (-?\d+)/.exec(readFileSync(group, 'utf8'))?.[1];
    writeFileSync(group, String(BEHIND));
  } catch {
    // A kernel without autogroup shares by process.
  }
  return () => {
    try {
      setPriority(0);
      if (before !== undefined) writeFileSync(group, before);
    } catch {
      // Only root may come forward again.
    }
  };
}
