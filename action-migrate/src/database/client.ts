import type { ExecResult, Host } from '@deploy-actions/kit/host/host';
import type { DatabaseEngine } from './engine.ts';

/** A container on the server from which the database is spoken to: its own, or one with the client's programs alone. */
export interface DatabaseClient {
  readonly host: Host;
  /** Name or id, for `docker exec`. */
  readonly container: string;
  /** For people and for the restore command. */
  readonly containerName: string;
  readonly engine: DatabaseEngine;
  /** How people call the database: `service db`, or `shop on db.example:5432`. */
  readonly label: string;
  /** Of the engine's scripts: database and user, or the path of the file; empty = what the container's environment says. */
  readonly args: readonly string[];
  /** The client's configuration file with the password, empty where the container's environment has it. Stdin only. */
  readonly settings: string;
  /** What a person must have instead of {@link settings} to restore: `--host … --user …`; undefined in its own container. */
  readonly remote: RemoteDatabase | undefined;
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

export interface RemoteDatabase {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly database: string;
  readonly image: string;
}

/**
 * What stands before the payload in the standard input of each of the engine's scripts: the number of lines of the
 * client's configuration, and these lines. The scripts read them into a file of mode 0600 in the container's memory.
 */
export function settingsHeader(settings: string): string {
  return `${settings.split('\n').length - 1}\n${settings}`;
}

/** Runs one of the engine's scripts in the container. */
export function runInClient(
  client: DatabaseClient,
  script: string,
  options: {
    readonly timeoutMs: number;
    readonly args?: readonly string[];
    readonly onStderrLine?: (line: string) => void;
  },
): Promise<ExecResult> {
  const { args = [], ...rest } = options;
  const argv = ['docker', 'exec', '-i', client.container, 'sh', '-c', script, 'sh', ...client.args, ...args];
  return client.host.exec(argv, { ...rest, stdin: settingsHeader(client.settings), signal: client.signal });
}
