import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NEW_COMMIT } from './target.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What every party is asked for. */
export interface Question {
  readonly urls: readonly string[];
  readonly intervalSeconds: number;
  readonly threshold: number;
  /** Whether the new commit must answer, not just anything. */
  readonly isCommitAsked: boolean;
}

/** One way to wait for an app. */
export interface Party {
  readonly name: string;
  /** undefined where it cannot be asked this. */
  readonly command: (question: Question, folder: string) => Promise<Command> | undefined;
}

interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export const ours: Party = {
  name: 'action-health-gate',
  command: async ({ urls, intervalSeconds, threshold, isCommitAsked }, folder) => {
    const outputs = join(folder, 'outputs');
    await writeFile(outputs, '');
    const inputs: Readonly<Record<string, string>> = {
      checks: urls.map((url) => `- url: ${url}`).join('\n'),
      ...(isCommitAsked ? { 'expect-sha': NEW_COMMIT } : {}),
      interval: `${intervalSeconds}s`,
      'success-threshold': String(threshold),
      path: '/healthz',
      via: 'runner',
      'expect-status': '200-299',
      'sha-path': 'git_sha',
      'sha-compare': 'prefix',
      backoff: '1',
      'attempt-timeout': '5s',
      deadline: '1m',
      'initial-delay': '0s',
      'max-restarts': '0',
      'no-healthcheck': 'running',
      'log-since': '10m',
      'log-lines': '50',
      fail: 'true',
    };
    const given = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
    const env = Object.fromEntries(given) as Record<string, string>;
    return {
      program: process.execPath,
      args: [join(root, 'action-health-gate', 'dist', 'index.js')],
      env: { ...env, GITHUB_OUTPUT: outputs, RUNNER_TEMP: folder },
    };
  },
};

/** One success of each resource is all it can be asked for. */
export const waitOn: Party = {
  name: 'wait-on',
  command: ({ urls, intervalSeconds, threshold, isCommitAsked }) => {
    if (threshold > 1 && !isCommitAsked) return undefined;
    const resources = urls.map((url) => url.replace('http:', 'http-get:'));
    const options = ['-i', String(intervalSeconds * 1000), '-t', '60000', '--httpTimeout', '5000'];
    const program = join(root, 'node_modules', 'wait-on', 'bin', 'wait-on');
    return Promise.resolve({ program: process.execPath, args: [program, ...options, ...resources], env: {} });
  },
};

export const curlLoop: Party = {
  name: 'curl loop',
  command: ({ urls: [first = '', ...rest], intervalSeconds, threshold, isCommitAsked }) =>
    Promise.resolve({
      program: join(root, 'bench', 'gate', 'curl-loop.sh'),
      args: [first, String(intervalSeconds), String(threshold), isCommitAsked ? NEW_COMMIT : '', ...rest],
      env: {},
    }),
};

/** A party that waits; `ended` gives the time of its end by `performance.now()` and its exit code. */
export interface Waiting {
  readonly ended: Promise<{ readonly at: number; readonly exitCode: number | null; readonly output: string }>;
  stop(): Promise<void>;
}

/** Starts a party; undefined where it cannot be asked this. */
export async function startParty(party: Party, question: Question): Promise<Waiting | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-gate-'));
  const command = await party.command(question, folder);
  if (command === undefined) {
    await rm(folder, { recursive: true });
    return undefined;
  }
  const child = spawn(command.program, [...command.args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const ended = new Promise<{ at: number; exitCode: number | null; output: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode) => resolve({ at: performance.now(), exitCode, output }));
  });
  return {
    ended,
    stop: async () => {
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
