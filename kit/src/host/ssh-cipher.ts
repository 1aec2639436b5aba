import { createSecretKey } from 'node:crypto';
import type { Client } from 'ssh2';

/**
 * The SSH library makes a cipher for each packet, from the bytes of the key; from a key that Node keeps
 * prepared it costs a third (`createCipheriv` and one packet of 32 KiB, 5,000 times: 270 ms and 100 ms). It has no option for that, so
 * the keys of both directions are exchanged inside it, after each handshake; where it looks otherwise inside than expected, nothing is.
 */
export function prepareCipherKeys(client: Client): void {
  const protocol = part(client, '_protocol');
  prepareKey(part(protocol, '_cipher'), '_encKey');
  // What a server says of a long transfer is thousands of small packets: how much more it takes.
  prepareKey(part(protocol, '_decipher'), '_decipherKey');
}

/** Others than AES-GCM keep one cipher for all packets, and have their key under this name nowhere. */
function prepareKey(cipher: object | undefined, name: string): void {
  const key: unknown = cipher === undefined ? undefined : Reflect.get(cipher, name);
  if (cipher !== undefined && Buffer.isBuffer(key)) Reflect.set(cipher, name, createSecretKey(key));
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
