import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ChildMessage, ParentMessage } from './load-message.ts';
import { completeLoadOptions, LoadOptionError, type LoadOptions } from './load-options.ts';
import type { LoadReport } from './load-report.ts';
import { raisePriority } from './priority.ts';

export type { Answer, FailureKind } from './load-client.ts';
export type { LoadOptions } from './load-options.ts';
export { LoadOptionError } from './load-options.ts';
export { lowerPriority } from './priority.ts';
export type { Failure, Latency, LoadReport, PhaseReport, ShaSightings, Slow } from './load-report.ts';

/** A load that runs in a process of its own. It ends with this process, however that ends. */
export interface Load {
  readonly pid: number | undefined;
  /** It goes before others on a busy machine, as was asked. */
  readonly goesFirst: boolean;
  /** Requests sent from now on belong to this phase. */
  readonly mark: (phase: string) => void;
  /** Ends the load. Rejects when its process died before it could report. */
  readonly stop: () => Promise<LoadReport>;
  readonly kill: () => void;
  /** Updated twice a second. */
  readonly counts: () => { readonly sent: number; readonly failed: number };
}

const entry = fileURLToPath(new URL('cli.ts', import.meta.url));

function toArguments(options: LoadOptions): string[] {
  const { url, rate, post, keepAlive, limitMs, seconds, phase } = options;
  const pairs = { url, rate, post, 'keep-alive': keepAlive, 'limit-ms': limitMs, seconds, phase };
  return Object.entries(pairs).map(([name, value]) => `--${name}=${value}`);
}

/**
 * Resolves when the first request is sent. Throws LoadOptionError before any process is started.
 * @param goesFirst for a measurement: what is late shall be the server, not this clock; without root it is as any other
 */
export async function startLoad(
  given: Partial<LoadOptions> & Pick<LoadOptions, 'url'>,
  { goesFirst = false }: { readonly goesFirst?: boolean } = {},
): Promise<Load> {
  const options = completeLoadOptions(given);
  const child = fork(entry, toArguments(options), {
    execPath: process.execPath,
    execArgv: [],
    // A session of its own, whose priority is nobody else's.
    detached: goesFirst,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let counts = { sent: 0, failed: 0 };
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const reported = new Promise<LoadReport>((resolve, reject) => {
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'progress') counts = { sent: message.sent, failed: message.failed };
      else if (message.type === 'report') resolve(message.report);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(
        new LoadOptionError(`the load ended without a report (${signal ?? `exit ${code ?? 0}`}): ${stderr.trim()}`),
      ),
    );
  });
  // Whoever stops the load hears of it; until then nobody is there to be told.
  reported.catch(() => undefined);
  const tell = (message: ParentMessage): void => {
    if (child.connected) child.send(message);
  };
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  await Promise.race([new Promise<void>((resolve) => child.once('message', () => resolve())), reported]);
  return {
    pid: child.pid,
    goesFirst: goesFirst && child.pid !== undefined && raisePriority(child.pid),
    mark: (phase) => tell({ type: 'mark', phase }),
    stop: () => {
      tell({ type: 'stop' });
      return reported;
    },
    kill,
    counts: () => counts,
  };
}
