import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LabError } from '../error.ts';
import { killTracked, RUNNER_CANCEL_TIMES, startProcess } from '../runner/step-process.ts';
import { readActLog } from './log.ts';
import type { ActReport } from './log.ts';

/** One event on GitHub, and what the repository's settings would give its run. */
export interface ActRun {
  /** The program: see ensureAct. */
  readonly act: string;
  /** The consumer's repository: a git work tree with at least one commit. */
  readonly repository: string;
  /** Path of the workflow file below it. */
  readonly workflow: string;
  readonly eventName: string;
  /** The payload; `inputs` of a dispatch are part of it. */
  readonly event: Readonly<Record<string, unknown>>;
  /** Alone, with the jobs that it needs. Default: all jobs of the event. */
  readonly job?: string;
  readonly vars?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** `github.token`. Default: none. */
  readonly token?: string;
  /** GITHUB_* facts and what the runner's image would have in its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `owner/repository@ref` → folder. Nothing is ever fetched: what is not here fails. */
  readonly actions: ReadonlyMap<string, string>;
  /** Environment of act itself, which passes it on to every step. Default: nothing. */
  readonly runnerEnv?: Readonly<Record<string, string>>;
  /** Mask secrets in what act prints, as it would by itself. Default: no, so that a look for leaks finds them. */
  readonly isMasked?: boolean;
  /** Folders to find programs in, after that of this Node. Default: the system's. */
  readonly path?: readonly string[];
  /** Default: 14 minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ActResult extends ActReport {
  readonly exitCode: number | null;
  /** All that act printed, secrets unmasked: for a look at leaks. The commands that register a mask are among them. */
  readonly lines: readonly string[];
  readonly runId: string;
}

const TIMEOUT_MS = 840_000;
const SYSTEM_PATH: readonly string[] = ['/usr/local/bin', '/usr/bin', '/bin'];
let runsStarted = 0;

/**
 * Runs one workflow by nektos/act on this machine (host mode), from an environment that is empty but for what is given.
 * Secrets and variables are in files of a folder that is removed at the end. Whatever is left of the run then is killed.
 */
export async function runAct(run: ActRun): Promise<ActResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'act-'));
  runsStarted += 1;
  const runId = run.env?.['GITHUB_RUN_ID'] ?? String(process.pid * 1000 + runsStarted);
  const trackingId = `act_${String(process.pid)}_${runId}`;
  const lines: string[] = [];
  const child = startProcess({
    command: run.act,
    args: argumentsOf(run, scratch, { ...run.env, GITHUB_RUN_ID: runId, RUNNER_TRACKING_ID: trackingId }),
    cwd: run.repository,
    env: {
      ...run.runnerEnv,
      HOME: scratch,
      TMPDIR: scratch,
      // act takes whatever `node` it finds: the one that runs this, which is 24.
      PATH: [dirname(process.execPath), ...(run.path ?? SYSTEM_PATH)].join(':'),
    },
    trackingId,
    cancelTimes: RUNNER_CANCEL_TIMES,
    onLine: (line) => lines.push(line),
  });
  const timeoutMs = run.timeoutMs ?? TIMEOUT_MS;
  const late = AbortSignal.timeout(timeoutMs);
  const onAbort = (): void => void child.kill();
  for (const signal of [late, run.signal]) signal?.addEventListener('abort', onAbort);
  try {
    const { exitCode } = await child.ended;
    const report = readActLog(lines);
    if (late.aborted)
      throw new LabError(`${run.workflow} did not end within ${String(timeoutMs / 1000)} s:\n${tailOf(lines)}`);
    return { ...report, exitCode, lines, runId };
  } finally {
    for (const signal of [late, run.signal]) signal?.removeEventListener('abort', onAbort);
    await killTracked(trackingId);
    rmSync(scratch, { recursive: true, force: true });
  }
}

function argumentsOf(run: ActRun, scratch: string, env: Readonly<Record<string, string>>): readonly string[] {
  const write = (name: string, value: unknown): string => {
    const file = join(scratch, name);
    // JSON is YAML, and has one way to write a value of many lines.
    writeFileSync(file, JSON.stringify(value), { mode: 0o600 });
    return file;
  };
  const mapped = [...run.actions].flatMap(([ref, folder]) => ['--local-repository', `${ref}=${folder}`]);
  return [
    run.eventName,
    ...['--directory', run.repository, '--workflows', join(run.repository, run.workflow)],
    ...(run.job === undefined ? [] : ['--job', run.job]),
    ...['ubuntu-latest', 'ubuntu-24.04'].flatMap((label) => ['--platform', `${label}=-self-hosted`]),
    ...['--eventpath', write('event.json', run.event)],
    ...['--secret-file', write('secrets.yaml', { ...run.secrets, GITHUB_TOKEN: run.token ?? '' })],
    ...['--var-file', write('vars.yaml', run.vars ?? {})],
    ...['--env-file', write('env.yaml', env)],
    ...['--input-file', write('input.yaml', {})],
    ...['--actor', env['GITHUB_ACTOR'] ?? 'octocat'],
    ...['--action-cache-path', join(scratch, 'cache')],
    ...['--json', '--rm', '--action-offline-mode', '--no-cache-server', '--no-skip-checkout'],
    // Then `deploy` as a user's name hides no word either.
    ...(run.isMasked === true ? [] : ['--insecure-secrets']),
    ...mapped,
  ];
}

function tailOf(lines: readonly string[]): string {
  return lines.slice(-20).join('\n');
}
