import { createServer, type Server, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runExec, splitStreams, startExec } from '../../src/compose/engine-exec.ts';
import { makeDoor } from '../../src/host/engine-door.ts';
import { localHost } from '../../src/host/local-host.ts';

const forever = new AbortController().signal;
const frame = (stream: number, text: string): Buffer => {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

let folder: string;
let socket: string;
let server: Server;
/** What `exec/x/start` does with its connection once it is a stream. */
let program: (write: (bytes: Buffer) => void, end: () => void) => void;
let onInput: (text: string) => void;
/** Answers of `exec/x/json`, in turn; the last one stays. */
let states: unknown[];
const asked: string[] = [];
const connections = new Set<Socket>();

/** As Docker's engine does it: an exec is made, its connection becomes a stream, its exit code is asked for. */
beforeEach(async () => {
  asked.length = 0;
  onInput = () => undefined;
  states = [{ Running: false, ExitCode: 3 }];
  folder = mkdtempSync(join(tmpdir(), 'exec-'));
  socket = join(folder, 'docker.sock');
  server = createServer((connection) => {
    connections.add(connection);
    let isStream = false;
    const answer = (status: string, body: unknown): void => {
      const text = JSON.stringify(body);
      connection.write(`HTTP/1.1 ${status}\r\nContent-Length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`);
    };
    connection.on('error', () => undefined);
    connection.on('data', (chunk) => {
      const text = chunk.toString('utf8');
      if (isStream) {
        onInput(text);
        return;
      }
      const first = text.split(' HTTP/')[0] ?? '';
      asked.push(`${first} ${text.split('\r\n\r\n')[1] ?? ''}`.trim());
      if (first === 'POST /containers/c1/exec') answer('201 Created', { Id: 'x' });
      else if (first.startsWith('POST /containers/')) answer('404 Not Found', { message: 'no such container' });
      else if (first === 'GET /exec/x/json') answer('200 OK', states.length > 1 ? states.shift() : states[0]);
      else {
        isStream = true;
        connection.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
        program(
          (bytes) => connection.write(bytes),
          () => connection.end(),
        );
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});

afterEach(async () => {
  for (const connection of connections) connection.destroy();
  connections.clear();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const door = (): ReturnType<typeof makeDoor> =>
  makeDoor(() => localHost().openSocket?.(socket) ?? Promise.reject(new Error('none')));

describe('a program in a container', () => {
  it('is run to its end: both streams, and the exit code once the engine knows it', async () => {
    states = [
      { Running: true, ExitCode: null },
      { Running: false, ExitCode: 3 },
    ];
    program = (write, end) => {
      write(Buffer.concat([frame(1, 'one'), frame(2, 'why')]));
      write(frame(1, ' two'));
      end();
    };
    const result = await runExec(door(), 'c1', ['sh', '-c', 'exit 3'], forever);
    expect(result).toEqual({ code: 3, stdout: 'one two', stderr: 'why' });
    expect(asked.slice(0, 2)).toEqual([
      'POST /containers/c1/exec {"AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"User":"0","Cmd":["sh","-c","exit 3"]}',
      'POST /exec/x/start {"Detach":false,"Tty":false}',
    ]);
  });

  it('is written to while it runs', async () => {
    const heard: string[] = [];
    program = (write, end) => {
      onInput = (text) => {
        write(frame(1, `heard ${text}`));
        end();
      };
    };
    const listeners = { onStdout: (chunk: Buffer) => heard.push(chunk.toString()), onStderr: () => undefined };
    const exec = await startExec(door(), { id: 'c1', argv: ['sh'], hasStdin: true }, listeners, forever);
    exec.write('go\n');
    expect(await exec.ended).toBe(3);
    expect(heard.join('')).toBe('heard go\n');
  });

  it('is nothing where there is no such container', async () => {
    await expect(runExec(door(), 'gone', ['true'], forever)).rejects.toThrow('an exec in gone with 404');
  });

  it('is not waited for longer than the signal says', async () => {
    program = () => undefined;
    await expect(runExec(door(), 'c1', ['sleep', '9'], AbortSignal.timeout(200))).rejects.toThrow(
      'did not end in time',
    );
  });
});

describe('splitStreams', () => {
  it('cuts a stream however it arrives', () => {
    const heard = { out: '', err: '' };
    const push = splitStreams({
      onStdout: (chunk) => (heard.out += chunk.toString()),
      onStderr: (chunk) => (heard.err += chunk.toString()),
    });
    for (const byte of Buffer.concat([frame(1, 'out'), frame(2, ''), frame(2, 'err'), frame(1, '!')]))
      push(Buffer.from([byte]));
    expect(heard).toEqual({ out: 'out!', err: 'err' });
  });
});
