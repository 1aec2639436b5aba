import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { dialTcp } from '../../src/host/ssh-socket.ts';

it('what is written within one tick leaves as one write, from the first byte on', async () => {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { stream, destroy } = await dialTcp('127.0.0.1', address.port, 10_000, new AbortController().signal);
  try {
    const sent: number[] = [];
    const original = stream._writev?.bind(stream);
    stream._write = (chunk: Buffer, _encoding, done) => {
      sent.push(chunk.length);
      done();
    };
    stream._writev = (chunks, done) => {
      sent.push(chunks.reduce((sum, { chunk }) => sum + (chunk as Buffer).length, 0));
      original?.(chunks, done);
    };
    for (const packet of [1, 2]) {
      for (const bytes of [4, 100 * packet, 16]) stream.write(Buffer.alloc(bytes));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toEqual([120, 220]);
  } finally {
    destroy();
    server.close();
  }
});

it('memory of what has left is given back; what others may have stays', async () => {
  const arrived: Buffer[] = [];
  const server = createServer((socket: Socket) => socket.on('data', (chunk) => arrived.push(chunk)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { stream, destroy } = await dialTcp('127.0.0.1', address.port, 10_000, new AbortController().signal);
  try {
    const own = Buffer.alloc(32_000, 'own');
    const shared = Buffer.alloc(64_000, 'shared');
    // Node's own pool, which small buffers of others lie in too.
    const pool = Buffer.from(Buffer.allocUnsafe(8).buffer);
    const poolBytes = pool.length;
    const alone = Buffer.alloc(20_000, 'alone');
    const expected = Buffer.concat([own, shared.subarray(0, 32_000), alone]);
    for (const chunk of [pool, own, shared.subarray(0, 32_000)]) stream.write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => stream.write(alone, resolve));
    expect([pool, own, shared, alone].map(({ length }) => length)).toEqual([poolBytes, 0, 64_000, 0]);
    const count = (): number => arrived.reduce((sum, { length }) => sum + length, 0);
    while (count() < poolBytes + expected.length) await new Promise((resolve) => setImmediate(resolve));
    expect(Buffer.concat(arrived).subarray(poolBytes).equals(expected)).toBe(true);
  } finally {
    destroy();
    server.close();
  }
});
