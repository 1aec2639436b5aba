import { createSecretKey, randomFillSync } from 'node:crypto';
import type { Client } from 'ssh2';

/**
 * The SSH library makes a cipher for each packet, from the bytes of the key; from a key that Node keeps
 * prepared it costs a third (`createCipheriv` and one packet of 32 KiB, 5,000 times: 270 ms and 100 ms). It has no option for that, nor
 * for where packets lie, so both are exchanged inside it, after each handshake; where it looks otherwise inside than expected, nothing is.
 */
export function prepareCiphers(client: Client): void {
  const protocol = part(client, '_protocol');
  const cipher = part(protocol, '_cipher');
  prepareKey(cipher, '_encKey');
  if (cipher !== undefined) reusePackets(cipher);
  // What a server says of a long transfer is thousands of small packets: how much more it takes.
  prepareKey(part(protocol, '_decipher'), '_decipherKey');
}

/** Others than AES-GCM keep one cipher for all packets, and have their key under this name nowhere. */
function prepareKey(cipher: object | undefined, name: string): void {
  const key: unknown = cipher === undefined ? undefined : Reflect.get(cipher, name);
  if (cipher !== undefined && Buffer.isBuffer(key)) Reflect.set(cipher, name, createSecretKey(key));
}

/** What a packet begins with and is filled up to (RFC 4253 §6), of AES-GCM (RFC 5647 §7.2). */
const lengthBytes = 4;
const leastPadding = 4;
const blockBytes = 16;
/** Packets with content of any length worth the trouble: OpenSSH takes 32 KiB in one. */
const leastRoom = 8 * 1024;
const roomBytes = 36 * 1024;

/** What encrypts into other memory, and is done with a packet when it returns. */
interface PacketCipher {
  _onWrite: (bytes: Buffer) => void;
  allocPacket: (payloadBytes: number) => Buffer;
  encrypt: (packet: Buffer) => void;
}

function isPacketCipher(cipher: object): cipher is PacketCipher {
  const methods = ['_onWrite', 'allocPacket', 'encrypt'];
  return (
    part(cipher, '_encKey') !== undefined && methods.every((name) => typeof Reflect.get(cipher, name) === 'function')
  );
}

/**
 * Large packets are laid out in the same few rooms. New memory for each, 36 KB outside of the heap, has the garbage collector
 * mark all that lives every 64 MB (6,000 packets of 32 KB encrypted and sent: 500 ms of processor time, 230 ms without and with
 * what is sent given back by ssh-socket.ts).
 */
function reusePackets(cipher: object): void {
  if (!isPacketCipher(cipher)) return;
  const [write, allocPacket, encrypt] = [cipher._onWrite, cipher.allocPacket.bind(cipher), cipher.encrypt.bind(cipher)];
  const free: ArrayBuffer[] = [];
  const ours = new WeakSet<ArrayBufferLike>();
  // The length leaves as a view of the packet, and is on its way when the next packet is written there.
  cipher._onWrite = (bytes) => {
    write(ours.has(bytes.buffer) ? Buffer.from(bytes) : bytes);
  };
  cipher.allocPacket = (payloadBytes) => {
    const size = lengthBytes + 1 + payloadBytes;
    if (size < leastRoom || size > roomBytes - leastPadding - blockBytes) return allocPacket(payloadBytes);
    const missing = blockBytes - ((size - lengthBytes) % blockBytes);
    const padding = missing < leastPadding ? missing + blockBytes : missing;
    const room = free.pop() ?? new ArrayBuffer(roomBytes);
    ours.add(room);
    const packet = Buffer.from(room, 0, size + padding);
    packet.writeUInt32BE(packet.length - lengthBytes);
    packet.writeUInt8(padding, lengthBytes);
    drawRandom(padding).copy(packet, size);
    return packet;
  };
  cipher.encrypt = (packet) => {
    encrypt(packet);
    if (packet.buffer instanceof ArrayBuffer && ours.has(packet.buffer)) free.push(packet.buffer);
  };
}

const drawn = Buffer.alloc(4 * 1024);
let drawnBytes = drawn.length;

/** A few random bytes, each given out once. A call of the system for each packet takes longer than all else of its layout. */
function drawRandom(bytes: number): Buffer {
  if (drawnBytes + bytes > drawn.length) {
    randomFillSync(drawn);
    drawnBytes = 0;
  }
  drawnBytes += bytes;
  return drawn.subarray(drawnBytes - bytes, drawnBytes);
}

/** Whether this connection's key exchange was strict, the answer to Terrapin. The library tells it nowhere else. */
export function isKeyExchangeStrict(client: Client): boolean {
  const protocol = part(client, '_protocol');
  return protocol !== undefined && Reflect.get(protocol, '_strictMode') === true;
}

function part(whole: object | undefined, name: string): object | undefined {
  const found: unknown = whole === undefined ? undefined : Reflect.get(whole, name);
  return typeof found === 'object' && found !== null ? found : undefined;
}
