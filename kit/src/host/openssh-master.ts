import { PassThrough } from 'node:stream';
import { splitLines } from './command-output.ts';
import { deferred } from './deferred.ts';
import { runLocalProcess } from './local-process.ts';

/** The `ssh` process that holds the connection. */
export interface OpensshMaster {
  /** Resolves once it has authenticated; rejects never. */
  readonly ready: Promise<'ready'>;
  /** Its exit code; 127 where there is no `ssh`. */
  readonly ended: Promise<number>;
  /** What it said on stderr, the last lines. */
  readonly said: () => readonly string[];
  /** What the server called itself, as `dropbear_2022.83`; undefined before it has. */
  readonly serverSoftware: () => string | undefined;
  stop(): Promise<void>;
}

const mostLines = 50;

/** What `ssh` adds at LogLevel DEBUG1, which is set for one line of it: it names the server's software nowhere else. */
const chatter = /^(debug1: |Authenticated to |Transferred: |Bytes per second: )/;
const softwareLine = /^debug1: Remote protocol version [\d.]+, remote software version (\S+)/;

const stopMs = 1_000;

/**
 * Runs `ssh`, and ends it when stdin ends: also when this process is killed, which leaves nobody to tell it. stdin is not
 * ssh's own: what it does not read would not end it.
 */
const source = `
exec 3<&0 </dev/null
"$@" 3<&- &
ssh=$!
{ cat <&3; kill "$ssh"; } >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$ssh"
code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

export function startMaster(
  argv: readonly string[],
  readyMark: string,
  env: Readonly<Record<string, string>>,
): OpensshMaster {
  const { promise: ready, resolve } = deferred<'ready'>();
  const lines: string[] = [];
  const letGo = new AbortController();
  let isReady = false;
  const alive = new PassThrough();
  const stdout = splitLines((line) => {
    if (line.trim() !== readyMark) return;
    isReady = true;
    resolve('ready');
  });
  let software: string | undefined;
  const stderr = splitLines((line) => {
    software ??= softwareLine.exec(line)?.[1];
    if (chatter.test(line)) return;
    lines.push(line);
    if (lines.length > mostLines) lines.shift();
  });
  const ended = runLocalProcess({
    argv: ['sh', '-c', source, 'sh', ...argv],
    env,
    stdin: alive,
    onStdout: (chunk) => {
      stdout.push(chunk);
    },
    onStderr: (chunk) => {
      stderr.push(chunk);
    },
    signal: letGo.signal,
  }).then(
    (code) => {
      stderr.end();
      return code;
    },
    () => 255,
  );
  return {
    ready,
    ended,
    said: () => lines,
    serverSoftware: () => software,
    stop: async () => {
      alive.end();
      // Before its first word its stdin is held open: see runLocalProcess.
      const timer = setTimeout(
        () => {
          letGo.abort();
        },
        isReady ? stopMs : 0,
      );
      await ended;
      clearTimeout(timer);
    },
  };
}
