import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describeThrown } from '../action/errors.ts';
import { readOutput, type OutputReader } from './command-output.ts';
import { deferred } from './deferred.ts';
import { describeCommand, HostError, lastLines, type ExecOptions, type ExecResult } from './host.ts';
import { launchProgram, stopSource, type Launch } from './launcher.ts';

/** What a transport needs to run one program text in `sh`. */
export interface ProgramIo {
  readonly stdin?: string | Buffer | Readable | undefined;
  /** Asked when the command line leaves: the same program with all of its stdin in it, where that is known and short. */
  readonly earlyProgram?: () => string | undefined;
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  /** The program is being started now: it waits in no queue any more. */
  readonly onStart: () => void;
  /** Stop waiting for the program and let go of its streams. */
  readonly signal: AbortSignal;
  /** Must start now, queue or not: it stops another command. */
  readonly isUrgent?: boolean;
  /** Starts now or not at all. */
  readonly isSpare?: boolean;
}

/** The transport under a Host: runs a program text in `sh` and tells its exit status. */
export interface Shell {
  readonly name: string;
  /**
   * @returns the exit status
   * @throws HostError CONNECTION_LOST, HOST_UNREACHABLE; what the stdin stream failed with
   */
  run(program: string, io: ProgramIo): Promise<number>;
}

const defaultTimeoutMs = 60_000;
const defaultMaxCaptureBytes = 16 * 1024 * 1024;
/** GitHub kills a cancelled step 7.5 s after SIGINT (SIGTERM) and 10 s (SIGKILL): stopping must fit before that. */
const stopGraceTenths = 20;
/** A cancelled job has seconds left; where a command's time is up, a busy server may take longer to end its processes. */
const stopDeadlineMs = { cancelled: 6_000, late: 20_000 } as const;

/** Runs a command with the limits of its options; the same for every transport. */
export async function runCommand(
  shell: Shell,
  argv: readonly string[],
  what: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const token = `deploy-${randomBytes(12).toString('hex')}`;
  const launch: Launch = {
    token,
    argv,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  };
  const program = launchProgram(launch);
  const earlyProgram = (): string | undefined => launchEarly(launch, program, options.earlyStdin?.());
  const maxCaptureBytes = options.maxCaptureBytes ?? defaultMaxCaptureBytes;
  const stdout = readOutput({ token, maxCaptureBytes, onLine: options.onStdoutLine });
  const stderr = readOutput({ token, maxCaptureBytes, onLine: options.onStderrLine });
  const start = performance.now();
  const code = await runBounded(shell, { program, earlyProgram, token, what, stdout, stderr }, options).finally(() => {
    // Also of a command that never began: who fills the stream would wait for ever, with a file open.
    if (options.stdin instanceof Readable) options.stdin.destroy();
  });
  stdout.end();
  stderr.end();
  const began = stdout.state();
  if (began === 'waiting') throw neverBegan(shell.name, what, stdout, stderr);
  if (began === 'cwd') throw folderMissing(shell.name, what, options.cwd ?? '', stderr);
  return {
    code,
    stdout: stdout.text(),
    stderr: stderr.text(),
    durationMs: Math.round(performance.now() - start),
    isTruncated: stdout.isTruncated() || stderr.isTruncated(),
  };
}

/** Longer ones find no room in a command line anyway, see ssh-channel.ts. */
const longestEarly = 30_000;

function launchEarly(launch: Launch, program: string, input: string | undefined): string | undefined {
  if (input === undefined || program.length + input.length > longestEarly || input.includes('\0')) return undefined;
  return launchProgram({ ...launch, input });
}

interface Running {
  readonly program: string;
  readonly earlyProgram: () => string | undefined;
  readonly token: string;
  readonly what: string;
  readonly stdout: OutputReader;
  readonly stderr: OutputReader;
}

/** Runs the program until it ends, its time is up or the caller cancels; in the two latter cases all its processes are stopped. */
async function runBounded(shell: Shell, running: Running, options: ExecOptions): Promise<number> {
  const { signal, timeoutMs = defaultTimeoutMs, timeLimit } = options;
  if (signal?.aborted === true) throw cancelled(shell.name, running.what, 'was not started', signal);
  const letGo = new AbortController();
  const stopped = deferred<never>();
  let timer: NodeJS.Timeout | undefined;
  let isStarted = false;
  let isStopping = false;
  let isOver = false;
  const stop = async (failure: (outcome: string) => HostError, deadlineMs: number): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    const outcome = isStarted ? await stopProcesses(shell, running.token, deadlineMs) : 'was not started';
    stopped.reject(failure(outcome));
    letGo.abort();
  };
  const onAbort = (): void =>
    void stop((outcome) => cancelled(shell.name, running.what, outcome, signal), stopDeadlineMs.cancelled);
  signal?.addEventListener('abort', onAbort, { once: true });
  const startTimer = (ms: number): void => {
    if (isOver) return;
    const fail = (outcome: string): HostError => timedOut(shell.name, running.what, ms, outcome);
    timer ??= setTimeout(() => void stop(fail, stopDeadlineMs.late), ms);
  };
  const io: ProgramIo = {
    stdin: options.stdin,
    earlyProgram: running.earlyProgram,
    isSpare: options.isSpare === true,
    onStdout: running.stdout.push,
    onStderr: running.stderr.push,
    signal: letGo.signal,
    onStart: () => {
      isStarted = true;
      if (timeLimit === undefined) startTimer(timeoutMs);
      else timeLimit.then(startTimer, () => undefined);
    },
  };
  const ended = shell.run(running.program, io).then(
    // Whatever it ended with while it was being stopped, the reason for stopping is the answer.
    (code) => (isStopping ? stopped.promise : code),
    async (thrown: unknown) => {
      if (isStopping) return stopped.promise;
      isStopping = true;
      // The connection may stand (its stdin stream failed): then a command with half of its input must not go on.
      if (isStarted && !(thrown instanceof HostError))
        await stopProcesses(shell, running.token, stopDeadlineMs.cancelled);
      letGo.abort();
      throw thrown;
    },
  );
  try {
    return await Promise.race([ended, stopped.promise]);
  } finally {
    isOver = true;
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Says in words what became of the processes of a command. Never throws. */
async function stopProcesses(shell: Shell, token: string, deadlineMs: number): Promise<string> {
  const killToken = `deploy-${randomBytes(12).toString('hex')}`;
  const argv = ['sh', '-c', stopSource, 'sh', token, String(stopGraceTenths)];
  const stdout = readOutput({ token: killToken, maxCaptureBytes: 1024 });
  const io: ProgramIo = {
    onStdout: stdout.push,
    onStderr: () => undefined,
    onStart: () => undefined,
    signal: AbortSignal.timeout(deadlineMs),
    isUrgent: true,
  };
  try {
    await shell.run(launchProgram({ token: killToken, argv }), io);
    return stdout.text().trim() === '0' ? 'was stopped' : 'could not be stopped and may still run';
  } catch (thrown) {
    return `could not be stopped and may still run (${describeThrown(thrown)})`;
  }
}

function timedOut(name: string, what: string, timeoutMs: number, outcome: string): HostError {
  return new HostError({
    code: 'COMMAND_TIMEOUT',
    message: `${name}: ${what} did not end within ${timeoutMs / 1000} s and ${outcome}.`,
    hint: 'Look on the server what it waits for (a hung dockerd, a full disk, a lock).',
  });
}

function cancelled(name: string, what: string, outcome: string, signal: AbortSignal | undefined): HostError {
  return new HostError({
    code: 'CANCELLED',
    message: `${name}: cancelled; ${what} ${outcome}.`,
    cause: signal?.reason,
  });
}

function folderMissing(name: string, what: string, cwd: string, stderr: OutputReader): HostError {
  const said = lastLines(stderr.noise(), 1)[0] ?? '';
  return new HostError({
    code: 'COMMAND_FAILED',
    message: `${name}: folder ${cwd} cannot be entered, ${what} was not run (${said.replace(/^.*?cd: /, 'cd: ')}).`,
    hint: 'Does the folder exist on the server, and may this user enter it?',
  });
}

function neverBegan(name: string, what: string, stdout: OutputReader, stderr: OutputReader): HostError {
  const said = [...lastLines(stderr.noise(), 5), ...lastLines(stdout.noise(), 5)].filter((line) => line.trim() !== '');
  return new HostError({
    code: 'COMMAND_FAILED',
    message: `${name}: the account's login shell ended before it ran ${what}${said[0] === undefined ? '' : `: ${said[0].slice(0, 300)}`}`,
    hint: 'The user needs a shell on the server: no forced command, sftp-only or nologin account, and login scripts that do not exit.',
    evidence: said,
  });
}

/** The words that run a script of ours, for {@link runCommand}. */
export function scriptWords(source: string, args: readonly string[]): readonly string[] {
  return ['sh', '-c', source, 'sh', ...args];
}

/** What messages call a script: its first line that is no comment, or its arguments would say too much. */
export function describeScript(source: string): string {
  const first = source.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#')) ?? '';
  return `script (${describeCommand([first.trim()]).slice(0, 60)})`;
}
