import { randomBytes } from 'node:crypto';
import { Duplex, PassThrough } from 'node:stream';
import { describeThrown } from '../action/errors.ts';
import { lastLines } from './host.ts';
import { launchProgram, stopSource } from './launcher.ts';
import { readOutput } from './command-output.ts';
import { runLocalProcess } from './local-process.ts';
import type { Wire } from './ssh-socket.ts';

/** How long to wait for the end of a proxy command whose stream broke: its stderr says why. */
const lastWordsMs = 2_000;
/** Tenths of a second between TERM and KILL. */
const stopGraceTenths = 10;
const longestWords = 4_096;

/**
 * Starts a proxy command; its stdio is the connection. Through @actions/exec, whose children have no duplex stdio and no
 * kill: stdin is a named pipe, stdout a listener, and the launcher's token finds the processes to stop.
 */
export function openProxyCommand(argv: readonly string[], onStderrLine?: (line: string) => void): Wire {
  const token = `deploy-${randomBytes(12).toString('hex')}`;
  const env = proxyEnvironment(process.env);
  const input = new PassThrough();
  const stdout = skipMark(token, (chunk) => stream.push(chunk));
  const stderr = readOutput({ token, maxCaptureBytes: longestWords, onLine: onStderrLine });
  const letGo = new AbortController();
  const stream = new Duplex({
    // The end of the proxy's stdout is the end of the connection.
    allowHalfOpen: false,
    read: () => undefined,
    write: (chunk, encoding, done) => void input.write(chunk, encoding, done),
    final: (done) => {
      input.end();
      done();
    },
    destroy: (error, done) => {
      input.end();
      void stopProxy(token, env);
      done(error);
    },
  });
  const ended = runLocalProcess({
    argv: ['sh', '-c', launchProgram({ token, argv })],
    env,
    stdin: input,
    onStdout: stdout,
    onStderr: stderr.push,
    signal: letGo.signal,
  }).then(
    (code) => {
      stderr.end();
      exit = `it ended with exit code ${code}`;
      stream.push(null);
    },
    (thrown: unknown) => {
      exit = describeThrown(thrown);
      stream.destroy();
    },
  );
  let exit = 'it is still running';
  return {
    stream,
    lastWords: () => [...lastLines(stderr.text(), 3), exit].filter((line) => line !== '').join('; '),
    ended: () => Promise.race([ended, new Promise<void>((resolve) => setTimeout(resolve, lastWordsMs).unref())]),
    destroy: () => void stream.destroy(),
  };
}

/** Passes on what follows the launcher's mark, byte for byte. */
function skipMark(token: string, onChunk: (chunk: Buffer) => void): (chunk: Buffer) => void {
  const mark = Buffer.from(`${token} ok\n`);
  let before: Buffer | undefined = Buffer.alloc(0);
  return (chunk) => {
    if (before === undefined) {
      onChunk(chunk);
      return;
    }
    before = Buffer.concat([before, chunk]);
    const start = before.indexOf(mark);
    if (start < 0) return;
    const rest = before.subarray(start + mark.length);
    before = undefined;
    if (rest.length > 0) onChunk(rest);
  };
}

/** Cloud tools need their whole environment, but not the secrets of this step. */
export function proxyEnvironment(env: Readonly<NodeJS.ProcessEnv>): Readonly<Record<string, string>> {
  const secret = /^(INPUT_|DEPLOY_(JUMP_)?SSH_|DEPLOY_REGISTRY_)/;
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined || secret.test(name) ? [] : [[name, value]])),
  );
}

async function stopProxy(token: string, env: Readonly<Record<string, string>>): Promise<void> {
  await runLocalProcess({
    argv: ['sh', '-c', stopSource, 'sh', token, String(stopGraceTenths)],
    env,
    onStdout: () => undefined,
    onStderr: () => undefined,
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
}
