import { lastLines, type ExecResult } from '@deploy-actions/kit/host/host';
import { formatDuration, type Duration } from '@deploy-actions/kit/time/duration';
import { runInClient, settingsHeader, type DatabaseClient } from '../database/client.ts';
import { MigrateError } from '../error.ts';
import { cleanText } from '../log-line.ts';
import type { RunDoor } from '../run-door.ts';
import { describeSqlState, parsePsqlError } from './psql-error.ts';
import {
  applyScript,
  blockersScript,
  forgetScript,
  rememberScript,
  sessionsScript,
  terminateScript,
  unrememberScript,
  uploadScript,
} from './psql-scripts.ts';
import type { SqlFile } from './sql-file.ts';

export interface SqlLimits {
  readonly lockTimeout: Duration;
  readonly statementTimeout: Duration;
  readonly retries: number;
  /** How long to wait while another session migrates the same database. */
  readonly lockWait: Duration;
}

/** What the database remembers of earlier runs, and which indexes are broken in it. */
export interface SqlMemory {
  /** sha256 → the name under which it was applied. */
  readonly applied: ReadonlyMap<string, string>;
  /** `name on table` */
  readonly invalidIndexes: readonly string[];
}

const shortMs = 60_000;

/** psql in the client's container, one run of this action long. */
export interface SqlSession {
  /** @throws MigrateError SQL_ERROR when it cannot be read, or made with `make` */
  remember(mode?: 'make'): Promise<SqlMemory>;
  /** The file shall be applied again by the next run. */
  unremember(file: SqlFile): Promise<void>;
  /** Runs one file. A failure is a result; a broken connection is thrown, see {@link settle}. */
  apply(file: SqlFile, limits: SqlLimits, timeoutMs: number): Promise<ExecResult>;
  /** Waits until no session of this run works any more. */
  settle(): Promise<void>;
  /** Ends this run's sessions, also when the step was cancelled. */
  terminate(): Promise<void>;
  /** Who may hold the lock that was not free: a line each. */
  blockers(): Promise<readonly string[]>;
  forget(): Promise<void>;
}

/** Opens the psql side of a database; connects to nothing yet. */
export function openSession(door: RunDoor, client: DatabaseClient): SqlSession {
  const run = `${door.plan.runKey}-${door.plan.attempt}`;
  const folder = `/tmp/deploy-actions-${run}`;
  const quick = (script: string, args: readonly string[]): Promise<ExecResult> =>
    runInClient(client, script, { timeoutMs: shortMs, args });
  const lines = async (script: string): Promise<readonly string[]> => {
    const result = await quick(script, [run]);
    return result.stdout.split('\n').filter((line) => line !== '');
  };
  return {
    remember: async (mode) => {
      const result = await quick(rememberScript, [mode ?? '']);
      if (result.code !== 0) throw notRemembered(door, client, result);
      return parseMemory(result.stdout);
    },
    unremember: async (file) => {
      await quick(unrememberScript, [file.sha256]);
    },
    apply: async (file, limits, timeoutMs) => {
      const place = `${folder}/${file.path.slice(file.path.lastIndexOf('/') + 1)}`;
      await upload(door, client, place, file);
      const start = door.clock.now();
      const print = (line: string): void => {
        const time = `${((door.clock.now() - start) / 1000).toFixed(1)}s`.padStart(8);
        door.say(`${time} | ${cleanText(line.replaceAll(place, file.path))}`);
      };
      const args = [
        ...[place, file.mode, file.sha256, file.path],
        ...[`${limits.lockTimeout}ms`, `${limits.statementTimeout}ms`, run],
      ];
      const argv = ['docker', 'exec', '-i', client.container, 'sh', '-c', applyScript, 'sh', ...client.args, ...args];
      return door.host.exec(argv, {
        timeoutMs,
        signal: door.signal,
        stdin: settingsHeader(client.settings),
        onStdoutLine: print,
        onStderrLine: print,
      });
    },
    settle: async () => {
      const start = door.clock.now();
      while ((await lines(sessionsScript)).length > 0) {
        if (door.clock.now() - start > door.runTimeout) throw stillWorking(door, run);
        await door.clock.sleep(1000, door.signal);
      }
    },
    terminate: async () => {
      const argv = ['docker', 'exec', '-i', client.container, 'sh', '-c', terminateScript, 'sh', ...client.args, run];
      await door.host.exec(argv, { timeoutMs: 15_000, stdin: settingsHeader(client.settings) });
    },
    blockers: () => lines(blockersScript).catch(() => []),
    forget: async () => {
      await quick(forgetScript, [folder]).catch(() => undefined);
    },
  };
}

/** Pure. Lines `applied <sha256> <name>` and `invalid <index> on <table>`. */
export function parseMemory(text: string): SqlMemory {
  const applied = [...text.matchAll(/^applied ([0-9a-f]{64}) (.*)$/gm)];
  const invalid = [...text.matchAll(/^invalid (.*)$/gm)];
  return {
    applied: new Map(applied.map(([, sha256 = '', name = '']) => [sha256, name])),
    invalidIndexes: invalid.map(([, index = '']) => index),
  };
}

async function upload(door: RunDoor, client: DatabaseClient, place: string, file: SqlFile): Promise<void> {
  const argv = ['docker', 'exec', '-i', client.container, 'sh', '-c', uploadScript, 'sh', '', '', place];
  const stdin = Buffer.concat([Buffer.from(settingsHeader('')), file.content]);
  const result = await door.host.exec(argv, { stdin, timeoutMs: shortMs, signal: door.signal });
  if (result.code === 0) return;
  throw new MigrateError({
    code: 'DB_UNHEALTHY',
    message: `${door.host.name}: ${file.path} could not be brought into ${client.containerName}: ${lastLines(result.stderr, 1)[0] ?? ''}. Nothing of it was applied.`,
    hint: 'Is there room in the container’s /tmp?',
  });
}

function notRemembered(door: RunDoor, client: DatabaseClient, result: ExecResult): MigrateError {
  const failure = parsePsqlError(result.stderr);
  return new MigrateError({
    code: 'SQL_ERROR',
    message: `${door.host.name}: the table deploy_actions.applied_files in ${client.label}, which remembers what was applied, could not be read or made: ${failure.message} (${describeSqlState(failure.sqlState)}). No file was applied.`,
    hint: 'The database user must be able to make a schema once: GRANT CREATE ON DATABASE … TO ….',
    evidence: lastLines(result.stderr, 10),
  });
}

function stillWorking(door: RunDoor, run: string): MigrateError {
  return new MigrateError({
    code: 'SSH_LOST',
    message: `${door.host.name}: the connection was lost, and psql still works after ${formatDuration(door.runTimeout)}; whether its file will be applied is unknown.`,
    hint: `Run the job again: what was applied is remembered in deploy_actions.applied_files. Its sessions are called "deploy-actions ${run}" in pg_stat_activity.`,
  });
}
