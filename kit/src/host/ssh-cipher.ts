import { createSecretKey } from 'node:crypto';
import type { Client } from 'ssh2';

/**
 * The SSH library makes a cipher for each packet of at most 32 KiB, from the bytes of the key; from a key that Node keeps
 * prepared it costs a third (`createCipheriv` and one packet, 5,000 times: 270 ms and 100 ms). It has no option for that, so
 * the key is exchanged inside it, after each handshake; where it looks otherwise inside than expected, nothing is.
 */
export function prepareCipherKey(client: Client): void {
  const cipher = part(part(client, '_protocol'), '_cipher');
  const key: unknown = cipher === undefined ? undefined : Reflect.get(cipher, '_encKey');
  // Others than AES-GCM keep one cipher for all packets, and give the key away under this name nowhere.
  if (cipher !== undefined && Buffer.isBuffer(key)) Reflect.set(cipher, '_encKey', createSecretKey(key));
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
