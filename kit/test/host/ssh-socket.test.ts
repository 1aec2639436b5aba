import { once } from 'node:events';
import { createServer } from 'node:net';
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
