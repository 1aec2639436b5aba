import { constants, existsSync, openSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { exec, getExecOutput } from '@actions/exec';
import { deferred } from './deferred.ts';
import { HostError } from './host.ts';
import { onStreamFailure } from './stream-failure.ts';

/** One process on the runner, through @actions/exec. */
export interface LocalProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer | Readable | undefined;
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  /** Called when the process is about to be started: from now on it must be stopped, not only forgotten. */
  readonly onStart?: () => void;
  /** Stop waiting; before the start, start nothing. The process itself is stopped by whoever started it: @actions/exec gives no handle to kill it by. */
  readonly signal: AbortSignal;
}

/** The program that a name stands for on this runner; undefined where there is none. */
export function findOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Background processes may keep the streams open after the command has ended. The same for SSH. */
const drainMs = 10_000;

/**
 * Runs a process and tells its exit status. With stdin it must write something to stdout once it has started (the
 * launcher's mark).
 * @throws the signal's reason; what the stdin stream failed with
 */
export async function runLocalProcess(process: LocalProcess): Promise<number> {
  if (isEmpty(process.stdin)) return execQuietly('/dev/null', process);
  const pipe = await openPipe(process.env);
  let isFirst = true;
  const onStdout = (chunk: Buffer): void => {
    if (isFirst) pipe.readerIsThere();
    isFirst = false;
    process.onStdout(chunk);
  };
  try {
    return await Promise.race([pipe.feed(process.stdin), execQuietly(pipe.path, { ...process, onStdout })]);
  } finally {
    pipe.close();
  }
}

function isEmpty(stdin: LocalProcess['stdin']): stdin is undefined | '' {
  return stdin === undefined || (!(stdin instanceof Readable) && stdin.length === 0);
}

/**
 * @actions/exec takes stdin as one Buffer only, and a command that ends or closes its stdin early (even an empty one) is
 * then an uncaught EPIPE that ends this process. So stdin comes from a file that the shell opens: /dev/null, or a named
 * pipe: nothing of it is stored, it has back-pressure, and its errors are ours.
 */
async function execQuietly(stdin: string, process: LocalProcess): Promise<number> {
  const { promise: stopped, reject } = deferred<never>();
  const onAbort = (): void => {
    reject(new Error('no longer waiting', { cause: process.signal.reason }));
  };
  if (process.signal.aborted) {
    onAbort();
    return stopped;
  }
  process.signal.addEventListener('abort', onAbort, { once: true });
  process.onStart?.();
  const ended = exec('sh', ['-c', 'stdin=$1; shift; exec "$@" <"$stdin"', 'sh', stdin, ...process.argv], {
    env: { ...process.env },
    silent: true,
    ignoreReturnCode: true,
    delay: drainMs,
    listeners: { stdout: process.onStdout, stderr: process.onStderr },
  });
  try {
    return await Promise.race([ended, stopped]);
  } finally {
    process.signal.removeEventListener('abort', onAbort);
    ended.catch(() => undefined);
  }
}

interface StdinPipe {
  readonly path: string;
  /** Writes everything and closes. Never resolves; rejects when a source stream fails. */
  feed(source: string | Buffer | Readable): Promise<never>;
  /** The end of a pipe that nobody has opened for reading yet would throw away what is in it. */
  readerIsThere(): void;
  close(): void;
}

async function openPipe(env: Readonly<Record<string, string>>): Promise<StdinPipe> {
  const folder = await mkdtemp(join(tmpdir(), 'deploy-stdin-'));
  const path = join(folder, 'pipe');
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  const made = await getExecOutput('mkfifo', ['-m', '600', path], {
    env: { ...env },
    silent: true,
    ignoreReturnCode: true,
  });
  if (made.exitCode !== 0) {
    remove();
    throw new HostError({ code: 'COMMAND_FAILED', message: `local: mkfifo failed: ${made.stderr.trim()}` });
  }
  // For reading and writing: opening waits for no reader, and a reader that never comes or has left blocks nothing.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => undefined);
  const { promise: reader, resolve: readerIsThere } = deferred<undefined>();
  // What is still queued is written before the pipe closes.
  const finish = (): void => void reader.then(() => socket.end());
  let source: Readable | undefined;
  return {
    path,
    readerIsThere: () => {
      // Both ends are open: the name has done its work, and a killed step leaves nothing behind.
      remove();
      readerIsThere(undefined);
    },
    feed: (given) =>
      new Promise<never>((_, reject) => {
        if (!(given instanceof Readable)) {
          socket.write(given);
          finish();
          return;
        }
        source = given;
        onStreamFailure(given, reject);
        given.once('end', finish);
        given.pipe(socket, { end: false });
      }),
    close: () => {
      source?.destroy();
      socket.destroy();
      remove();
    },
  };
}
