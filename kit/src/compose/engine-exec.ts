import type { Duplex } from 'node:stream';
import type { PartResult } from '../host/batch.ts';
import { deferred } from '../host/deferred.ts';
import type { EngineGate } from '../host/engine-door.ts';
import { asObject, textOf } from '../json/json.ts';
import { systemClock } from '../time/clock.ts';
import { unexpected } from './engine-api.ts';

/** A program that runs inside a container, as of `docker exec -i`: its stdin breaks with the connection. */
export interface RunningExec {
  readonly write: (text: string) => void;
  /** Resolves when it has ended, with its exit code. Rejects when the stream broke before. */
  readonly ended: Promise<number>;
  /** Lets go of it: its stdin ends. */
  readonly close: () => void;
}

export interface ExecWish {
  readonly id: string;
  readonly argv: readonly string[];
  /** Whether it has a stdin to write to. */
  readonly hasStdin: boolean;
}

export interface ExecListeners {
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
}

const headerBytes = 8;

/** Cuts the engine's stream into those of the program: eight bytes of header (1 stdout, 2 stderr, then a length), bytes. */
export function splitStreams({ onStdout, onStderr }: ExecListeners): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= headerBytes && rest.length >= headerBytes + rest.readUInt32BE(4)) {
      const end = headerBytes + rest.readUInt32BE(4);
      const content = rest.subarray(headerBytes, end);
      if (rest[0] === 2) onStderr(content);
      else onStdout(content);
      rest = rest.subarray(end);
    }
  };
}

/** Starts a program in a container as its root. `signal` is for the start alone. */
export async function startExec(
  engine: EngineGate,
  { id, argv, hasStdin }: ExecWish,
  listeners: ExecListeners,
  signal: AbortSignal,
): Promise<RunningExec> {
  const wish = { AttachStdin: hasStdin, AttachStdout: true, AttachStderr: true, User: '0', Cmd: argv };
  const made = await engine.send({ method: 'POST', path: `/containers/${id}/exec`, body: wish }, signal);
  if (made.status !== 201) throw unexpected(`an exec in ${id}`, made.status);
  const exec = textOf(asObject(made.body)['Id']);
  const path = `/exec/${exec}/start`;
  const stream = await engine.attach({ method: 'POST', path, body: { Detach: false, Tty: false } }, signal);
  const ended = watchEnd(stream, listeners).then(() => readExitCode(engine, exec));
  ended.catch(() => undefined);
  const close = (): void => {
    stream.destroy();
  };
  return { write: (text) => stream.write(text), ended, close };
}

const exitCodeMs = 10_000;
const betweenLooksMs = 20;

/** The engine may close the streams a moment before it knows the exit code. */
async function readExitCode(engine: EngineGate, exec: string): Promise<number> {
  const signal = AbortSignal.timeout(exitCodeMs);
  for (;;) {
    const { status, body } = await engine.get(`/exec/${exec}/json`, signal);
    const { Running, ExitCode } = asObject(body);
    if (Running === false && typeof ExitCode === 'number') return ExitCode;
    if (status !== 200) throw unexpected('an exec', status);
    await systemClock.sleep(betweenLooksMs, signal);
  }
}

function watchEnd(stream: Duplex, listeners: ExecListeners): Promise<void> {
  const { promise, resolve, reject } = deferred<undefined>();
  stream.on('data', splitStreams(listeners));
  stream.once('end', () => {
    resolve(undefined);
  });
  // Also what is written into a stream that has broken.
  stream.on('error', reject);
  stream.once('close', () => {
    reject(new Error('the stream of an exec was closed'));
  });
  return promise;
}

/** Runs a program in a container to its end, as `docker exec --user 0` does. Rejects where that cannot be told. */
export async function runExec(
  engine: EngineGate,
  id: string,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<PartResult> {
  const said = { stdout: '', stderr: '' };
  const listeners = {
    onStdout: (chunk: Buffer): void => void (said.stdout += chunk.toString('utf8')),
    onStderr: (chunk: Buffer): void => void (said.stderr += chunk.toString('utf8')),
  };
  const exec = await startExec(engine, { id, argv, hasStdin: false }, listeners, signal);
  const late = deferred<never>();
  const stop = (): void => {
    late.reject(new Error(`${argv[0] ?? ''} in ${id} did not end in time`, { cause: signal.reason }));
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return { code: await Promise.race([exec.ended, late.promise]), ...said };
  } finally {
    signal.removeEventListener('abort', stop);
    exec.close();
  }
}
