import { createServer, type Server, type Socket } from 'node:net';
import type { ParsedKey } from 'ssh2';
import type { PrivateKey } from './private-key.ts';

/** Message numbers of the agent protocol (draft-ietf-sshm-ssh-agent §6.1). */
const message = { failure: 5, askKeys: 11, keys: 12, askSignature: 13, signature: 14 } as const;
/** Flags of a request for a signature with an RSA key. */
const rsaSha256 = 2;
const rsaSha512 = 4;
/** No request of `ssh` comes near it. */
const longestRequest = 256 * 1024;

/**
 * An agent in this process, for the system's `ssh`: the key is never on a disk, and is gone with this process. The SSH
 * library's own one loses the thread at a request it does not know, and `ssh` begins with such a one (session-bind).
 * @param path of the socket, in a folder that only this user can enter
 */
export async function startAgent(path: string, keys: readonly PrivateKey[]): Promise<Server> {
  const server = createServer((socket) => {
    serveRequests(socket, keys);
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

function serveRequests(socket: Socket, keys: readonly PrivateKey[]): void {
  let received = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4) {
      const length = received.readUInt32BE(0);
      if (length > longestRequest) {
        socket.destroy();
        return;
      }
      if (received.length < 4 + length) return;
      socket.write(field(answer(received.subarray(4, 4 + length), keys)));
      received = received.subarray(4 + length);
    }
  });
}

/** Pure. The answer to one request, without its length. Whatever is not known or not complete is refused. */
export function answer(request: Buffer, keys: readonly PrivateKey[]): Buffer {
  const refusal = Buffer.from([message.failure]);
  if (request[0] === message.askKeys) {
    const listed = keys.flatMap(({ parsed }) => [field(parsed.getPublicSSH()), field(Buffer.alloc(0))]);
    return Buffer.concat([Buffer.from([message.keys]), number(keys.length), ...listed]);
  }
  if (request[0] !== message.askSignature) return refusal;
  const blob = readField(request, 1);
  const data = blob === undefined ? undefined : readField(request, 1 + 4 + blob.length);
  if (blob === undefined || data === undefined) return refusal;
  const flagsAt = 1 + 4 + blob.length + 4 + data.length;
  const flags = request.length >= flagsAt + 4 ? request.readUInt32BE(flagsAt) : 0;
  const key = keys.find(({ parsed }) => parsed.getPublicSSH().equals(blob))?.parsed;
  const scheme = key === undefined ? undefined : chooseScheme(key, flags);
  if (key === undefined || scheme === undefined) return refusal;
  const signature = key.sign(data, scheme.hash);
  const signed = Buffer.concat([field(Buffer.from(scheme.name)), field(wireSignature(key, signature))]);
  return Buffer.concat([Buffer.from([message.signature]), field(signed)]);
}

/** Undefined for an RSA signature with SHA-1, which nobody should accept any more. */
function chooseScheme(key: ParsedKey, flags: number): { readonly name: string; readonly hash?: string } | undefined {
  if (key.type !== 'ssh-rsa') return { name: key.type };
  if ((flags & rsaSha512) !== 0) return { name: 'rsa-sha2-512', hash: 'sha512' };
  return (flags & rsaSha256) === 0 ? undefined : { name: 'rsa-sha2-256', hash: 'sha256' };
}

/** ECDSA signatures are two numbers on the wire (RFC 5656 §3.1.2), and an ASN.1 sequence of the same two in this runtime. */
function wireSignature(key: ParsedKey, signature: Buffer): Buffer {
  if (!key.type.startsWith('ecdsa-')) return signature;
  // A P-521 signature is longer than 127 bytes, so its length takes two.
  const first = signature[1] === 0x81 ? 3 : 2;
  const length = signature[first + 1] ?? 0;
  const second = first + 2 + length;
  const value = (at: number): Buffer => signature.subarray(at + 2, at + 2 + (signature[at + 1] ?? 0));
  return Buffer.concat([field(value(first)), field(value(second))]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function field(bytes: Buffer): Buffer {
  return Buffer.concat([number(bytes.length), bytes]);
}

function readField(from: Buffer, at: number): Buffer | undefined {
  if (at + 4 > from.length) return undefined;
  const length = from.readUInt32BE(at);
  return at + 4 + length > from.length ? undefined : from.subarray(at + 4, at + 4 + length);
}
