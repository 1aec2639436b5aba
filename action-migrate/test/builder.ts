import { systemClock } from '@deploy-actions/kit/time/clock';
import { milliseconds } from '@deploy-actions/kit/time/duration';
import type { Container } from '@deploy-actions/kit/compose/container';
import { parseComposeModel } from '@deploy-actions/kit/compose/model';
import { HostError, type ExecOptions, type ExecResult, type Host } from '@deploy-actions/kit/host/host';
import { parseDeployPath } from '@deploy-actions/kit/state/deploy-path';
import { parseCommandLine } from '../src/command-line.ts';
import type { OneOff } from '../src/one-off.ts';
import type { SqlFile } from '../src/sql/sql-file.ts';
import type { RunDoor } from '../src/run-door.ts';
import { planRun, type PlanFacts, type RunPlan } from '../src/run-plan.ts';

export const image = `registry.example/acme/api@sha256:${'a'.repeat(64)}`;

/** A plan of commands as a user would type them. */
export function plan(commands: readonly string[], facts: Partial<PlanFacts> = {}): RunPlan {
  return planRun({
    project: 'shop',
    service: 'migrate',
    image,
    deployPath: '/srv/shop',
    commands: commands.map((text) => parseCommandLine(text, 'test')),
    isSql: false,
    pendingCheck: undefined,
    lintCommands: [],
    owner: { id: 'acme/api#77#1#deploy#x', runId: '77', runAttempt: 1 },
    ...facts,
  });
}

export function oneOff(overrides: Partial<OneOff>): OneOff {
  return {
    name: `shop-migrate-77-1-${overrides.number ?? 1}`,
    state: 'ended',
    exitCode: 0,
    isOutOfMemory: false,
    startedAtMs: 1_000_000,
    finishedAtMs: 1_005_000,
    seenAtMs: 1_010_000,
    runKey: '77',
    planHash: 'other',
    number: 1,
    ...overrides,
  };
}

export function container(overrides: Partial<Container>): Container {
  return {
    id: 'c1',
    name: 'shop-db-1',
    service: 'db',
    isOneOff: false,
    configHash: '',
    image: 'postgres:16',
    imageId: 'sha256:1',
    createdAt: '2026-01-01T00:00:00Z',
    startedAt: '2026-01-01T00:00:01Z',
    status: 'running',
    exitCode: 0,
    isOomKilled: false,
    restartCount: 0,
    health: undefined,
    stopGraceSeconds: 10,
    addresses: [],
    ...overrides,
  };
}

export const lost = (): HostError => new HostError({ code: 'CONNECTION_LOST', message: 'web1: the connection broke.' });

export interface Call {
  readonly words: readonly string[];
  readonly options: ExecOptions;
}

/** A host that answers by a function; scripts appear as `script` and their arguments. */
export function scriptedHost(answer: (call: Call) => Promise<Partial<ExecResult>>): Host & { readonly calls: Call[] } {
  const calls: Call[] = [];
  const run = async (words: readonly string[], options: ExecOptions = {}): Promise<ExecResult> => {
    const call = { words, options };
    calls.push(call);
    return { code: 0, stdout: '', stderr: '', durationMs: 1, isTruncated: false, ...(await answer(call)) };
  };
  return {
    name: 'deploy@web1',
    kind: 'ssh',
    calls,
    exec: run,
    script: (source, args, options) => run([source.includes('docker logs') ? 'logs' : 'find', ...args], options),
    forward: () => Promise.reject(lost()),
    get commandCount() {
      return calls.length;
    },
    close: () => Promise.resolve(),
  };
}

/** A door whose log is kept. */
export function door(
  host: Host,
  runPlan: RunPlan,
  overrides: Partial<RunDoor> = {},
): RunDoor & { readonly log: string[] } {
  const log: string[] = [];
  const say = (line: string): void => {
    log.push(line);
  };
  return {
    host,
    log,
    plan: runPlan,
    clock: systemClock,
    signal: new AbortController().signal,
    settings: {
      deployPath: parseDeployPath('/srv/shop'),
      composeFiles: [],
      projectName: undefined,
      profiles: [],
      envFile: undefined,
    },
    model: parseComposeModel('{"name":"shop","services":{"migrate":{"image":"x"}}}', {
      composeFiles: ['compose.yaml'],
      envFiles: [],
    }),
    runTimeout: milliseconds(60_000),
    requireLease: () => Promise.resolve(),
    say,
    warn: say,
    group: (_title, body) => body(),
    ...overrides,
  };
}

/** What the script of one-off.ts prints for one container. */
export function inspected(name: string, state: Readonly<Record<string, unknown>>, number = 1): string {
  const labels = { 'deploy-actions.run': '77', 'deploy-actions.plan': 'p', 'deploy-actions.number': String(number) };
  return `1767225700\n${JSON.stringify({ name: `/${name}`, state, labels })}\n`;
}

/** A file of sql-files that names an index. */
export function sqlFile(overrides: Partial<SqlFile> = {}): SqlFile {
  return {
    path: 'db/2.sql',
    content: Buffer.from('create index Orders_Email on orders'),
    sha256: 'x',
    mode: 'single',
    ...overrides,
  };
}
