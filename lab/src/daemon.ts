import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './error.ts';
import { writeWhole } from './file.ts';
import type { LabPaths } from './paths.ts';

/** A process of the lab. `startTicks` (field 22 of /proc/PID/stat) tells it from a later process with the same pid. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startTicks: string;
}

/** In the environment of every process of a lab and so of all its children: finds those a killed `up` left behind. */
const MARKER = 'DEPLOY_ACTIONS_LAB';

/** Starts a long-running program in a session of its own, its output appended to `logs/<name>.log`, its pid recorded. */
export function startDaemon(
  paths: LabPaths,
  name: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ProcessRecord {
  mkdirSync(paths.logs, { recursive: true });
  mkdirSync(paths.pids, { recursive: true });
  const [program = '', ...args] = argv;
  const log = openSync(join(paths.logs, `${name}.log`), 'a');
  const child = spawn(program, args, {
    cwd: '/',
    detached: true,
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LC_ALL: 'C',
      ...env,
      [MARKER]: paths.root,
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  const record = child.pid === undefined ? undefined : describeProcess(child.pid);
  if (record === undefined) throw new LabError(`cannot start ${argv.join(' ')}`);
  writeWhole(pidFile(paths, name), JSON.stringify(record));
  return record;
}

/** The recorded process of that name if it still runs. */
export function findDaemon(paths: LabPaths, name: string): ProcessRecord | undefined {
  try {
    const record = parseRecord(JSON.parse(readFileSync(pidFile(paths, name), 'utf8')));
    return isAlive(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Kills the recorded process of that name and forgets it. */
export async function stopDaemon(paths: LabPaths, name: string): Promise<void> {
  const record = findDaemon(paths, name);
  if (record !== undefined) await killProcess(record);
  rmSync(pidFile(paths, name), { force: true });
}

/** SIGTERM, SIGKILL after `graceMs`, and waits until the process is gone. */
export async function killProcess(record: ProcessRecord, graceMs = 3000): Promise<void> {
  signalProcess(record, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (isAlive(record)) {
    if (performance.now() > deadline) signalProcess(record, 'SIGKILL');
    if (performance.now() > deadline + 20_000) throw new LabError(`process ${String(record.pid)} does not end`);
    await delay(20);
  }
}

export function signalProcess(record: ProcessRecord, signal: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(record.pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

/** Every process whose environment carries this lab's marker, whoever started it: none after `down`. */
export function findMarkedProcesses(root: string): readonly ProcessRecord[] {
  const needle = `${MARKER}=${root}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => readQuietly(`/proc/${pid}/environ`).includes(needle))
    .map((pid) => describeProcess(Number(pid)))
    .filter((record) => record !== undefined);
}

/** Marked processes that no pid file accounts for: a killed `up` started them and did not live to write it down. */
export function findStrays(paths: LabPaths): readonly ProcessRecord[] {
  const names = existsSync(paths.pids) ? readdirSync(paths.pids).filter((name) => name.endsWith('.json')) : [];
  const recorded = new Set(names.map((name) => findDaemon(paths, name.replace('.json', ''))?.pid));
  const belongs = (pid: number): boolean => {
    for (let current = pid; current > 1; current = readParent(current)) if (recorded.has(current)) return true;
    return false;
  };
  return findMarkedProcesses(paths.root).filter(({ pid }) => !belongs(pid));
}

/** The first child of a process. */
export function findChild(pid: number): number | undefined {
  const [first = ''] = readQuietly(`/proc/${String(pid)}/task/${String(pid)}/children`).split(' ');
  return first === '' ? undefined : Number(first);
}

/** Undefined where the process does not run (a zombie does not). */
export function describeProcess(pid: number): ProcessRecord | undefined {
  const stat = readQuietly(`/proc/${String(pid)}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTicks = fields[19];
  if (startTicks === undefined || fields[0] === 'Z') return undefined;
  return { pid, startTicks };
}

function readParent(pid: number): number {
  const stat = readQuietly(`/proc/${String(pid)}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

export function isAlive(record: ProcessRecord): boolean {
  return describeProcess(record.pid)?.startTicks === record.startTicks;
}

function parseRecord(value: unknown): ProcessRecord {
  if (typeof value === 'object' && value !== null && 'pid' in value && 'startTicks' in value) {
    if (typeof value.pid === 'number' && typeof value.startTicks === 'string')
      return { pid: value.pid, startTicks: value.startTicks };
  }
  throw new LabError('unreadable pid file');
}

function pidFile(paths: LabPaths, name: string): string {
  return join(paths.pids, `${name}.json`);
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
