import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:net';

const type = 'sk-ssh-ed25519@openssh.com';
const application = 'ssh:';
/** "The user was there", without which sshd takes no signature of a security key. */
const userPresent = 1;

/** A security key (FIDO) as an agent and its clients see it, without the device. */
export interface SecurityKey {
  /** For authorized_keys. */
  readonly publicLine: string;
  /** What `ssh-keygen -t ed25519-sk` writes: it names the key on the device, and cannot sign. */
  readonly handleFile: string;
  /** An agent that has this key, and no other. */
  startAgent(path: string): Promise<Server>;
}

export function makeSecurityKey(): SecurityKey {
  const pair = generateKeyPairSync('ed25519');
  const point = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const blob = Buffer.concat([field(type), field(point), field(application)]);
  let counter = 0;
  // PROTOCOL.u2f of OpenSSH.
  const signBy = (data: Buffer): Buffer => {
    const state = Buffer.concat([Buffer.from([userPresent]), number(++counter)]);
    const digest = (text: Buffer | string): Buffer => createHash('sha256').update(text).digest();
    const signature = sign(null, Buffer.concat([digest(application), state, digest(data)]), pair.privateKey);
    return Buffer.concat([field(type), field(signature), state]);
  };
  const answer = (request: Buffer): Buffer => {
    if (request[0] === 11) return Buffer.concat([Buffer.from([12]), number(1), field(blob), field('')]);
    // Anything but a signature, as session-bind, is not known.
    if (request[0] !== 13) return Buffer.from([5]);
    const at = 1 + 4 + request.readUInt32BE(1);
    return Buffer.concat([
      Buffer.from([14]),
      field(signBy(request.subarray(at + 4, at + 4 + request.readUInt32BE(at)))),
    ]);
  };
  return {
    publicLine: `${type} ${blob.toString('base64')}`,
    handleFile: writeHandle(blob, point),
    startAgent: (path) =>
      new Promise((resolve) => {
        const server = createServer((socket) => {
          let received = Buffer.alloc(0);
          socket.on('error', () => undefined);
          socket.on('data', (chunk: Buffer) => {
            received = Buffer.concat([received, chunk]);
            while (received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
              const end = 4 + received.readUInt32BE(0);
              socket.write(field(answer(received.subarray(4, end))));
              received = received.subarray(end);
            }
          });
        }).listen(path, () => {
          resolve(server);
        });
      }),
  };
}

/** The openssh-key-v1 form: application, flags and the handle stand where another key has its secret. */
function writeHandle(blob: Buffer, point: Buffer): string {
  const secret = Buffer.concat([
    Buffer.alloc(8),
    ...[field(type), field(point), field(application)],
    Buffer.from([userPresent]),
    ...[field(Buffer.alloc(64, 7)), field(''), field('comment')],
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[field('none'), field('none'), field(''), number(1)],
    ...[field(blob), field(Buffer.concat([secret, padding]))],
  ]);
  const body = whole.toString('base64').replaceAll(/.{70}/g, '$&\n').trimEnd();
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function field(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([number(bytes.length), bytes]);
}
