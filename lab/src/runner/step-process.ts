import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** How long the runner waits between the signals of a cancellation (actions/runner ProcessInvoker.cs). */
export interface CancelTimes {
  readonly interruptMs: number;
  readonly terminateMs: number;
}

export const RUNNER_CANCEL_TIMES: CancelTimes = { interruptMs: 7_500, terminateMs: 2_500 };

/** How long the output of a process that has exited may still be held open by its children. */
const STREAM_GRACE_MS = 5_000;

export interface ProcessRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Every process whose environment holds this RUNNER_TRACKING_ID belongs to the job. */
  readonly trackingId: string;
  readonly cancelTimes: CancelTimes;
  readonly onLine: (line: string) => void;
}

export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From its start to its end, whoever still reads what it wrote. */
  readonly processMs: number;
}

export interface RunningProcess {
  readonly pid: number | undefined;
  readonly ended: Promise<ProcessEnd>;
  /** SIGINT, then SIGTERM, then SIGKILL of the tree; resolves when the process has ended. */
  readonly cancel: () => Promise<void>;
  /** SIGKILL of the whole tree at once, as when the machine of the runner dies. */
  readonly kill: () => Promise<void>;
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}

/** Process ids of the job, found by the tracking id in their environment, as the runner's own orphan clean-up does. */
export async function findTracked(trackingId: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const environment = await readFile(`/proc/${entry}/environ`, 'latin1').catch(() => '');
    if (environment.split('\0').includes(`RUNNER_TRACKING_ID=${trackingId}`)) found.push(Number(entry));
  }
  return found;
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in the meantime.
  }
}

/** Kills what is left of a job; returns the ids that were still there. */
export async function killTracked(trackingId: string): Promise<readonly number[]> {
  const pids = await findTracked(trackingId);
  for (const pid of pids) signalProcess(pid, 'SIGKILL');
  return pids;
}

function waitForEnd(child: ChildProcess, streams: readonly Promise<void>[], startedAt: number): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => {
      const end = { exitCode, signal, processMs: performance.now() - startedAt };
      const grace = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve(end);
      }, STREAM_GRACE_MS);
      void Promise.allSettled(streams).then(() => {
        clearTimeout(grace);
        resolve(end);
      });
    });
  });
}

/** Spawns a step's process with exactly `request.env`, standard input closed, and reads both its streams by lines. */
export function startProcess(request: ProcessRequest): RunningProcess {
  const startedAt = performance.now();
  const child = spawn(request.command, [...request.args], {
    cwd: request.cwd,
    env: { ...request.env, RUNNER_TRACKING_ID: request.trackingId },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group: Ctrl-C at a terminal reaches the harness only, which then decides.
    detached: true,
  });
  const streams = [readLines(child.stdout, request.onLine), readLines(child.stderr, request.onLine)];
  const ended = waitForEnd(child, streams, startedAt);
  // Should this process end first, however that happens, the step ends too: its whole group.
  const killGroup = (): void => (child.pid === undefined ? undefined : signalProcess(-child.pid, 'SIGKILL'));
  process.once('exit', killGroup);
  void ended.catch(() => undefined).then(() => process.off('exit', killGroup));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = async (): Promise<void> => {
    if (child.pid !== undefined) signalProcess(child.pid, 'SIGKILL');
    await killTracked(request.trackingId);
    await ended.catch(() => undefined);
  };
  const cancel = async (): Promise<void> => {
    const timers = [
      setTimeout(() => isRunning() && child.kill('SIGTERM'), request.cancelTimes.interruptMs),
      setTimeout(() => void kill(), request.cancelTimes.interruptMs + request.cancelTimes.terminateMs),
    ];
    if (isRunning()) child.kill('SIGINT');
    await ended.catch(() => undefined);
    for (const timer of timers) clearTimeout(timer);
  };
  return { pid: child.pid, ended, cancel, kill };
}
