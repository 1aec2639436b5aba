import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBatch, type BatchPart } from '../../src/host/batch.ts';
import { askEngine, engineDoorOf, makeDoor, openEngineDoor } from '../../src/host/engine-door.ts';
import { localHost } from '../../src/host/local-host.ts';

const asked: string[] = [];
let folder: string;
let socket: string;
let server: Server;

/** Answers every path by its name; `/broken` by half an answer. */
beforeEach(async () => {
  asked.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'engine-'));
  socket = join(folder, 'docker.sock');
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    if (request.method === 'GET') asked.push(request.url ?? '');
    else
      request
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () =>
          asked.push(`${request.method ?? ''} ${request.url ?? ''} ${Buffer.concat(chunks).toString()}`),
        );
    if (request.url === '/broken') response.destroy();
    else if (request.url === '/silent') return;
    else if (request.url === '/gone') response.writeHead(404).end('{}');
    else response.end(JSON.stringify({ path: request.url }));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const forever = new AbortController().signal;

/** A look whose answer tells by which way it came. */
function look(path: string, more: Partial<BatchPart> = {}): BatchPart {
  return {
    purpose: `look at ${path}`,
    source: `printf 'command ${path}'`,
    ask: async (engine, signal) => {
      const { status } = await engine.get(path, signal);
      return { code: status === 200 ? 0 : 70, stdout: `engine ${path}`, stderr: '' };
    },
    ...more,
  };
}

/** A change that does the same. */
function change(path: string, more: Partial<BatchPart> = {}): BatchPart {
  return {
    purpose: `change ${path}`,
    source: `printf 'command ${path}'`,
    act: async (engine, signal) => {
      const { status } = await engine.send({ method: 'POST', path, body: { now: true } }, signal);
      return { code: status === 200 ? 0 : 70, stdout: `engine ${path}`, stderr: '' };
    },
    ...more,
  };
}

const deed: BatchPart = { purpose: 'do it', source: 'printf done' };

describe('a batch on a host whose engine can be asked', () => {
  it('asks for the looks before and after, and runs the rest as one command', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const results = await runBatch(host, [look('/before'), deed, look('/between'), deed, look('/a'), look('/b')]);
    expect(results.map(({ stdout }) => stdout)).toEqual([
      'engine /before',
      'done',
      'command /between',
      'done',
      'engine /a',
      'engine /b',
    ]);
    expect(host.commandCount).toBe(1);
    expect(asked).toEqual(['/version', '/before', '/a', '/b']);
  });

  it('runs no command where there are looks only', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    await runBatch(host, [look('/a'), look('/b')]);
    expect(host.commandCount).toBe(0);
  });

  it('runs a look as a command where the engine gives no answer, and each result stays in its place', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const results = await runBatch(host, [look('/broken'), look('/a'), deed, look('/b'), look('/broken'), look('/c')]);
    expect(results.map(({ stdout }) => stdout)).toEqual([
      'command /broken',
      'command /a',
      'done',
      'engine /b',
      'command /broken',
      'command /c',
    ]);
  });

  it('does nothing behind a look that says no', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const guard = look('/gone', { fail: ({ code }) => new RangeError(`said ${code}`) });
    await expect(runBatch(host, [guard, deed])).rejects.toThrow('said 70');
    expect(host.commandCount).toBe(0);
    const results = await runBatch(host, [look('/gone', { mayFail: true }), deed]);
    expect(results.map(({ code }) => code)).toEqual([70, 0]);
  });

  it('goes on by command alone where the engine lets a look wait for nothing', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const results = await runBatch(host, [deed, look('/silent')], { timeoutMs: 5000 });
    expect(results.map(({ stdout }) => stdout)).toEqual(['done', 'command /silent']);
    expect(engineDoorOf(host)).toBeUndefined();
  });

  it('is cancelled as any other command', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const signal = AbortSignal.abort();
    await expect(runBatch(host, [look('/a')], { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('tells the engine what is changed, in turn with the commands before and behind', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const results = await runBatch(host, [deed, change('/start'), change('/stop'), deed, deed, look('/a')]);
    expect(results.map(({ stdout }) => stdout)).toEqual([
      'done',
      'engine /start',
      'engine /stop',
      'done',
      'done',
      'engine /a',
    ]);
    expect(asked).toEqual(['/version', 'POST /start {"now":true}', 'POST /stop {"now":true}', '/a']);
    expect(host.commandCount).toBe(2);
  });

  it('makes a change by command, with those behind it, where the engine gives no answer', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const results = await runBatch(host, [change('/broken'), deed, change('/b')]);
    expect(results.map(({ stdout }) => stdout)).toEqual(['command /broken', 'done', 'engine /b']);
    expect(host.commandCount).toBe(1);
  });

  it('changes nothing behind a command that failed, and runs nothing behind a change that says no', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    await expect(runBatch(host, [{ ...deed, source: 'exit 3' }, change('/start')])).rejects.toThrow('exit code 3');
    const refused = change('/gone', { fail: ({ code }) => new RangeError(`said ${code}`) });
    await expect(runBatch(host, [refused, deed])).rejects.toThrow('said 70');
    expect(asked).toEqual(['/version', 'POST /gone {"now":true}']);
    expect(host.commandCount).toBe(1);
  });

  it('changes nothing any more once it is cancelled', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const signal = AbortSignal.abort();
    await expect(runBatch(host, [change('/start')], { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(asked).toEqual(['/version']);
  });

  it('lets a change take its time on a stream that no look waits for', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const stop = new AbortController();
    const changes = Array.from({ length: 5 }, () =>
      runBatch(host, [change('/silent')], { signal: stop.signal }).catch(() => 'cancelled'),
    );
    const [seen] = await runBatch(host, [look('/a')]);
    expect(seen?.stdout).toBe('engine /a');
    stop.abort();
    expect(await Promise.all(changes)).toEqual(Array.from({ length: 5 }, () => 'cancelled'));
  });

  it('asks by command where the batch goes on without the connection', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    const results = await runBatch(host, [deed, look('/a')], { isDetached: true });
    expect(results.at(-1)?.stdout).toBe('command /a');
  });
});

describe('a look through the door', () => {
  const soon = (): AbortSignal => AbortSignal.timeout(50);

  it('ends with its signal while the stream does not come', async () => {
    const never = makeDoor(
      () =>
        new Promise(() => {
          // Neither open nor refused.
        }),
    );
    await expect(never.get('/version', soon())).rejects.toThrow('no answer to /version in time');
  });

  it('shares four streams with many others, each of which it has for itself', async () => {
    let opened = 0;
    let most = 0;
    const busy = new Set<string>();
    server.removeAllListeners('request');
    server.on('connection', () => (opened += 1));
    server.on('request', (request, response) => {
      busy.add(request.url ?? '');
      most = Math.max(most, busy.size);
      setImmediate(() => {
        busy.delete(request.url ?? '');
        response.end(JSON.stringify({ path: request.url }));
      });
    });
    const host = localHost();
    const door = makeDoor(() => host.openSocket?.(socket) ?? Promise.reject(new Error('none')));
    const paths = Array.from({ length: 40 }, (_, index) => `/${index}`);
    const answers = await Promise.all(paths.map((path) => door.get(path, forever)));
    expect(answers.map(({ body }) => body)).toEqual(paths.map((path) => ({ path })));
    expect(opened).toBe(4);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('ends with its signal where no answer comes, and leaves no door that would wait again', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    expect(await askEngine(host, (engine, signal) => engine.get('/silent', signal), 50)).toBeUndefined();
    expect(engineDoorOf(host)).toBeUndefined();
  });

  it('keeps the door where the answer was only broken', async () => {
    const host = localHost();
    await openEngineDoor(host, socket, forever);
    expect(await askEngine(host, (engine, signal) => engine.get('/broken', signal))).toBeUndefined();
    expect(engineDoorOf(host)).toBeDefined();
  });
});

describe('openEngineDoor', () => {
  it('opens none where nobody listens, and none where the answer is no', async () => {
    const host = localHost();
    expect(await openEngineDoor(host, join(folder, 'nobody'), forever)).toBeUndefined();
    expect(engineDoorOf(host)).toBeUndefined();
    expect(await askEngine(host, () => Promise.resolve('asked'))).toBeUndefined();
    server.removeAllListeners('request');
    server.on('request', (_request, response) => response.writeHead(400).end('{"message":"too old"}'));
    expect(await openEngineDoor(host, socket, forever)).toBeUndefined();
    expect(engineDoorOf(host)).toBeUndefined();
  });

  it('gives what the engine says of itself', async () => {
    expect(await openEngineDoor(localHost(), socket, forever)).toEqual({ path: '/version' });
  });
});
