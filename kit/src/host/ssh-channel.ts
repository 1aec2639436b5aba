import { constants } from 'node:os';
import { Readable, type Duplex } from 'node:stream';
import { Gzip, ZstdCompress } from 'node:zlib';
import type { Client, ClientChannel } from 'ssh2';
import type { ProgramIo } from './command.ts';
import type { ChannelEnd } from './connection.ts';
import { commandLine } from './launcher.ts';
import { onRequested } from './ssh-flights.ts';
import { giveBack } from './spent-memory.ts';
import { onStreamFailure } from './stream-failure.ts';

/** SSH_OPEN_CONNECT_FAILED and SSH_OPEN_RESOURCE_SHORTAGE of RFC 4254 §5.1; OpenSSH answers 2 above MaxSessions. */
const sessionLimitReasons: readonly unknown[] = [2, 4];

/**
 * sshd sends the exit status when the command ends, but closes only when nothing holds its streams (a daemon it started).
 * So long without a byte after the exit status, and the rest is not the command's.
 */
const drainMs = 10_000;

/**
 * Runs one command line in one session channel. Resolves however the channel ends.
 * @throws what the stdin stream failed with
 */
export function runChannel(client: Client, line: string, io: ProgramIo): Promise<ChannelEnd> {
  return new Promise((resolve, reject) => {
    let isFed = false;
    const request = onRequested(client, line, {
      instead: () => earlyLine(io.earlyProgram?.()),
      use: (stdin, isInstead) => {
        if (io.stdin === undefined || io.signal.aborted) return;
        isFed = true;
        // Until the answer is there and all else is attached: a server that refuses the command closes the session.
        stdin.on('error', () => undefined);
        feed(stdin, isInstead ? undefined : io.stdin, reject);
      },
    });
    const opened = (error: Error | undefined, channel: ClientChannel): void => {
      request.forget();
      // Listeners are attached in this very callback: an exit status in the same TCP segment is lost a tick later.
      if (error === undefined) attachChannel(channel, io, isFed).then(resolve, reject);
      else {
        if (isFed && io.stdin instanceof Readable) io.stdin.destroy();
        resolve(openFailure(error));
      }
    };
    try {
      client.exec(line, opened);
    } catch {
      // ssh2 throws when the connection is gone already.
      request.forget();
      resolve({ kind: 'lost' });
    }
  });
}

/** A command line is one packet, and of one with 32 KiB every server is sure to take (RFC 4253 §6.1). */
const longestEarlyLine = 32_000;

function earlyLine(program: string | undefined): string | undefined {
  const line = program === undefined ? '' : commandLine(program);
  return line === '' || line.length > longestEarlyLine ? undefined : line;
}

function openFailure(error: Error): ChannelEnd {
  const reason: unknown = 'reason' in error ? error.reason : undefined;
  // "Channel is not open": the server closed the session before it was asked for the command.
  if (sessionLimitReasons.includes(reason) || error.message === 'Channel is not open')
    return { kind: 'no-session', reason: error.message };
  if (reason !== undefined || error.message.startsWith('Unable to exec'))
    return { kind: 'refused', reason: error.message };
  return { kind: 'lost' };
}

function attachChannel(channel: ClientChannel, io: ProgramIo, isFed: boolean): Promise<ChannelEnd> {
  return new Promise((resolve, reject) => {
    let end: ChannelEnd = { kind: 'lost' };
    let drain: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(drain);
      io.signal.removeEventListener('abort', letGo);
      if (io.stdin instanceof Readable) io.stdin.destroy();
      resolve(end);
    };
    const letGo = (): void => {
      channel.signal('KILL');
      channel.close();
      // What is read after the close would ask the server for more in a channel that it may have forgotten: Dropbear
      // ends the connection then.
      channel.pause();
      channel.stderr.pause();
      finish();
    };
    // Output that a slow link still brings after the exit status counts on: giving up is for silence only.
    const receive = (push: (chunk: Buffer) => void) => (chunk: Buffer) => {
      drain?.refresh();
      push(chunk);
    };
    channel.on('data', receive(io.onStdout));
    channel.stderr.on('data', receive(io.onStderr));
    channel.on('exit', (code: number | null, signal?: string) => {
      end = { kind: 'exit', code: code ?? 128 + signalNumber(signal) };
      drain = setTimeout(() => {
        channel.close();
        finish();
      }, drainMs);
    });
    channel.on('close', finish);
    // A write into a channel that the server has closed; `close` follows and decides.
    channel.on('error', () => undefined);
    io.signal.addEventListener('abort', letGo, { once: true });
    if (io.signal.aborted) letGo();
    else if (!isFed) feed(channel, io.stdin, reject);
  });
}

/** Gives the command its stdin; a stream with back-pressure. Its failure must not look like its end. */
function feed(channel: Duplex, stdin: ProgramIo['stdin'], onFailure: (thrown: unknown) => void): void {
  if (!(stdin instanceof Readable)) {
    channel.end(stdin);
    return;
  }
  onStreamFailure(stdin, onFailure);
  if (stdin instanceof Gzip || stdin instanceof ZstdCompress) pump(stdin, channel);
  else stdin.pipe(channel);
}

/** Pipes what a packer makes: it fills one piece of memory after the other, and is done with it when it gives its end out. */
function pump(packer: Readable, channel: Duplex): void {
  const resume = (): void => void packer.resume();
  packer.on('data', (chunk: Buffer) => {
    const isRoom = channel.write(chunk, () => {
      giveBack(chunk);
    });
    if (!isRoom) packer.pause();
  });
  packer.once('end', () => channel.end());
  channel.on('drain', resume);
}

function signalNumber(name: string | undefined): number {
  const known = Object.entries(constants.signals).find(([signal]) => signal === name);
  return known?.[1] ?? 0;
}
