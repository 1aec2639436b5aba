import type { Duplex, Readable } from 'node:stream';
import { DeployError } from '../action/errors.ts';

/** What a failing connection or command is called in `error-code`. */
export type HostErrorCode =
  /** Name does not resolve, connection refused, no route, no answer in time. */
  | 'HOST_UNREACHABLE'
  /** The server's host key is not the pinned one, or none was pinned. */
  | 'HOST_KEY_MISMATCH'
  /** The private key cannot be read (format, passphrase); found before dialing. */
  | 'SSH_KEY_INVALID'
  /** The server refused user and key. Never retried. */
  | 'SSH_AUTH_REJECTED'
  /** The connection broke under a command: whether it finished is unknown. */
  | 'CONNECTION_LOST'
  /** A command ran longer than its bound and was stopped. */
  | 'COMMAND_TIMEOUT'
  /** A command ended with a status that its caller did not allow. */
  | 'COMMAND_FAILED'
  /** The server does not allow connections through it (AllowTcpForwarding). */
  | 'FORWARD_PROHIBITED'
  /** The address behind the server could not be reached from it (refused, no answer). */
  | 'FORWARD_FAILED'
  | 'CANCELLED';

export class HostError extends DeployError<HostErrorCode> {}

export interface ExecOptions {
  /** Directory on the server; the command is not run when it cannot be entered. */
  readonly cwd?: string;
  /** Variables for the command. NEVER secrets: they are visible to other users of the server. Secrets go through stdin. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer | Readable;
  /**
   * All of `stdin`, once it is known. Where that is so when the command line leaves, and it is short, it travels in that line:
   * a server takes no input before it has answered the request, one round trip later. NEVER secrets: others see command lines.
   */
  readonly earlyStdin?: () => string | undefined;
  /** Fails at once, with COMMAND_FAILED, where all sessions of the connection are in use, instead of waiting for one. */
  readonly isSpare?: boolean;
  /** Kills the command and throws COMMAND_TIMEOUT. Default 60 s; a hung dockerd must not hang the job. */
  readonly timeoutMs?: number;
  /** Instead of it, for a command that begins by waiting for its stdin: the bound, and it counts from when it is known. */
  readonly timeLimit?: Promise<number>;
  readonly signal?: AbortSignal;
  /** Complete lines as they arrive, decoded as UTF-8 across chunk borders. */
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
  /** Captured output beyond this many bytes per stream is dropped from the result (default 16 MiB); lines still stream. */
  readonly maxCaptureBytes?: number;
}

export interface ExecResult {
  /** Exit status; 128 + n where a signal ended the command. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** True when output was dropped because of maxCaptureBytes. */
  readonly isTruncated: boolean;
}

/**
 * The door to a server: the only thing in an action that starts a process there.
 * Every method rejects with a {@link HostError} when the server cannot be reached or the connection breaks;
 * a command that ran and failed is a result, not an error.
 */
export interface Host {
  /** How people call it: `deploy@web1`, or `local`. */
  readonly name: string;
  readonly kind: 'ssh' | 'local';
  /** Runs a program with arguments. Values are quoted here and nowhere else. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /**
   * Runs a POSIX shell script of OURS (a constant, never built from values); `args` arrive as $1, $2 …
   * It runs with `LC_ALL=C`, `umask 022`, in `sh`, whatever the login shell is, and noise of login scripts never reaches stdout.
   */
  script(source: string, args: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** A stream to an address as seen from the server (direct-tcpip): reaches ports bound to its loopback and container addresses. */
  forward(address: string, port: number): Promise<Duplex>;
  /**
   * A stream to a unix socket of the server. Absent where the transport has none.
   * @throws anything, where the server does not allow it or nobody listens
   */
  openSocket?(path: string): Promise<Duplex>;
  /**
   * Opens a new connection in place of one that broke; the next command goes through it. Nothing where the host needs none.
   * @throws HostError as connecting does
   */
  reconnect?(signal: AbortSignal): Promise<void>;
  /** Number of commands run so far, for summaries and benches. */
  readonly commandCount: number;
  close(): Promise<void>;
}

/** The command as a person would read it, for messages; stdin and env are never part of it. */
export function describeCommand(argv: readonly string[]): string {
  const text = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}

/** The last lines of an output, for messages and evidence. */
export function lastLines(text: string, count: number): readonly string[] {
  return text.trimEnd().split('\n').slice(-count);
}

/**
 * Runs a command that must succeed.
 * @throws HostError COMMAND_FAILED with the last lines of stderr as evidence
 */
export async function execOrThrow(host: Host, argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
  const result = await host.exec(argv, options);
  if (result.code !== 0) throw commandFailed(host, describeCommand(argv), result);
  return result;
}

/** Like {@link execOrThrow} for a script; `purpose` is what the message calls it ("make the staging folder"). */
export async function scriptOrThrow(
  host: Host,
  purpose: string,
  source: string,
  args: readonly string[],
  options?: ExecOptions,
): Promise<ExecResult> {
  const result = await host.script(source, args, options);
  if (result.code !== 0) throw commandFailed(host, purpose, result);
  return result;
}

/** A command that ended with a status its caller did not allow, with its last words. */
export function commandFailed(
  host: Host,
  what: string,
  result: Pick<ExecResult, 'code' | 'stdout' | 'stderr'>,
): HostError {
  const said = lastLines(result.stderr.trim() === '' ? result.stdout : result.stderr, 1)[0] ?? '';
  return new HostError({
    code: 'COMMAND_FAILED',
    message: `${host.name}: ${what} ended with exit code ${result.code}${exitMeaning(result.code)}${said === '' ? '' : `: ${said.slice(0, 400)}`}`,
    evidence: lastLines(result.stderr, 20),
  });
}

function exitMeaning(code: number): string {
  if (code === 126) return ' (found, but not executable)';
  if (code === 127) return ' (command not found)';
  if (code === 137) return ' (killed: out of memory, or by hand)';
  return '';
}
