import { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { defaultTuning } from '../../src/host/connection.ts';
import { runChannel } from '../../src/host/ssh-channel.ts';
import { prepareCiphers } from '../../src/host/ssh-cipher.ts';
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

describe('the cipher of a connection', () => {
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

  it('sees packets of every length laid out as the library does it, and used again once they are encrypted', () => {
    const written: Buffer[] = [];
    // As its cipher for AES-GCM: the length goes as a view of the packet, and is sent later.
    const cipher = {
      _encKey: Buffer.alloc(16),
      _onWrite: (bytes: Buffer) => void written.push(bytes),
      allocPacket: (payloadBytes: number) => Buffer.alloc(payloadBytes),
      encrypt: (packet: Buffer) => {
        cipher._onWrite(packet.subarray(0, 4));
        cipher._onWrite(Buffer.from(packet.subarray(4)));
      },
    };
    const client = new ssh2.Client();
    Object.assign(client, { _protocol: { _cipher: cipher } });
    prepareCiphers(client);
    const [small, first, second] = [cipher.allocPacket(100), cipher.allocPacket(32_000), cipher.allocPacket(20_000)];
    expect(small).toHaveLength(100);
    expect(second.buffer).not.toBe(first.buffer);
    cipher.encrypt(first);
    expect(cipher.allocPacket(9_000).buffer).toBe(first.buffer);
    // The packet that lies there now has another length.
    expect(written[0]?.readUInt32BE()).toBe(first.length - 4);
    for (let payloadBytes = 8_200; payloadBytes < 8_240; payloadBytes += 1) {
      const packet = cipher.allocPacket(payloadBytes);
      const padding = packet.readUInt8(4);
      expect(packet.readUInt32BE()).toBe(1 + payloadBytes + padding);
      expect(packet).toHaveLength(4 + 1 + payloadBytes + padding);
      expect((packet.length - 4) % 16).toBe(0);
      expect(padding).toBeGreaterThanOrEqual(4);
      expect(padding).toBeLessThan(20);
    }
  });

  it('is left alone in a library that looks otherwise inside', () => {
    const client = new ssh2.Client();
    prepareCiphers(client);
    Object.assign(client, { _protocol: { _cipher: { _encKey: 'text' }, _decipher: 1 } });
    prepareCiphers(client);
    expect(Reflect.get(client, '_protocol')).toEqual({ _cipher: { _encKey: 'text' }, _decipher: 1 });
  });
});
