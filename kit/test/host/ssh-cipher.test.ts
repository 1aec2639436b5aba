import { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { defaultTuning } from '../../src/host/connection.ts';
import { runChannel } from '../../src/host/ssh-channel.ts';
import { prepareCipherKeys } from '../../src/host/ssh-cipher.ts';
import { openConnection } from '../../src/host/ssh-connection.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { startServer } from './ssh-server.ts';

const never = new AbortController().signal;

function inside(whole: unknown, name: string): unknown {
  return typeof whole === 'object' && whole !== null ? Reflect.get(whole, name) : undefined;
}

async function echo(client: ssh2.Client, content: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await runChannel(client, 'cat', {
    stdin: content,
    onStdout: (chunk) => chunks.push(chunk),
    onStderr: () => undefined,
    onStart: () => undefined,
    signal: never,
  });
  return Buffer.concat(chunks);
}

describe('the key of a connection', () => {
  it.each(['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes128-ctr'] as const)(
    'works with %s, before and after a new exchange of keys',
    async (cipher) => {
      await using server = await startServer({ algorithms: { cipher: [cipher] } });
      const { client, close } = await openConnection(server.target, fakeRunner(), never, defaultTuning);
      const content = Buffer.alloc(300_000, 'content ');
      expect((await echo(client, content)).equals(content)).toBe(true);
      const protocol = inside(client, '_protocol');
      const exchanged = once(client, 'handshake');
      (inside(protocol, 'rekey') as () => void).call(protocol);
      await exchanged;
      expect((await echo(client, content)).equals(content)).toBe(true);
      if (cipher.includes('gcm')) {
        expect(inside(inside(protocol, '_cipher'), '_encKey')).toBeInstanceOf(KeyObject);
        expect(inside(inside(protocol, '_decipher'), '_decipherKey')).toBeInstanceOf(KeyObject);
      }
      await close();
    },
  );

  it('is left alone in a library that looks otherwise inside', () => {
    const client = new ssh2.Client();
    prepareCipherKeys(client);
    Object.assign(client, { _protocol: { _cipher: { _encKey: 'text' }, _decipher: 1 } });
    prepareCipherKeys(client);
    expect(Reflect.get(client, '_protocol')).toEqual({ _cipher: { _encKey: 'text' }, _decipher: 1 });
  });
});
