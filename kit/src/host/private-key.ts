import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { HostError } from './host.ts';
import { fingerprintOf, type Fingerprint } from './host-key.ts';

/** A private key that is ready to sign. */
export interface PrivateKey {
  readonly parsed: ParsedKey;
  /** `ssh-ed25519`, `ssh-rsa` … */
  readonly type: string;
  readonly fingerprint: Fingerprint;
  /** The line that belongs into authorized_keys; not a secret. */
  readonly publicLine: string;
  /** The repaired text: a secret, to be masked when it differs from what was given. */
  readonly text: string;
}

/** Where a key was given, for the messages. */
export interface KeyInputs {
  readonly key: string;
  readonly passphrase: string;
}

export const mainKeyInputs: KeyInputs = { key: 'ssh-private-key', passphrase: 'ssh-passphrase' };

/**
 * Reads a private key as a secret holds it: repairs what copying does to keys, and names what is not a private key.
 * @throws HostError SSH_KEY_INVALID; never quotes the key
 */
export function readPrivateKey(
  given: string,
  passphrase: string | undefined,
  inputs: KeyInputs = mainKeyInputs,
): PrivateKey {
  try {
    return parseKeyText(repairKeyText(given), passphrase);
  } catch (thrown) {
    throw thrown instanceof UnusableKey ? describeUnusable(thrown, inputs) : thrown;
  }
}

function parseKeyText(text: string, passphrase: string | undefined): PrivateKey {
  refuseOtherThings(text);
  const parsed = /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)
    ? parsePkcs8(text, passphrase)
    : parseWithLibrary(text, passphrase);
  const publicKey = parsed.getPublicSSH();
  return {
    parsed,
    type: parsed.type,
    fingerprint: fingerprintOf(publicKey),
    publicLine: `${parsed.type} ${publicKey.toString('base64')}`,
    text,
  };
}

/** Undoes byte order mark, quotes, CRLF, indentation, literal `\n`, a key in one line, and base64 around the whole file. */
export function repairKeyText(given: string): string {
  let text = given.replace(/^\uFEFF/, '').trim();
  if (!text.includes('-----BEGIN') && /^[A-Za-z0-9+/=\s]+$/.test(text)) {
    const decoded = Buffer.from(text, 'base64')
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .trim();
    if (/^(-----BEGIN|PuTTY-User-Key-File)/.test(decoded)) text = decoded;
  }
  text = text.replace(/^(["'])([^]*)\1$/, '$2');
  if (!/[\r\n]/.test(text)) text = text.replaceAll(/(\\r)?\\n/g, '\n');
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  const unindented = (text.includes('Proc-Type:') ? lines : lines.filter((line) => line !== '')).join('\n');
  return `${unfold(unindented).trim()}\n`;
}

/** A key whose line breaks became spaces. */
function unfold(text: string): string {
  const match = /^(-----BEGIN [A-Z0-9 ]+-----)[ \t]+([A-Za-z0-9+/= \t]+?)[ \t]*(-----END [A-Z0-9 ]+-----)$/.exec(text);
  const [, begin, body, end] = match ?? [];
  if (begin === undefined || body === undefined || end === undefined) return text;
  return [begin, ...body.split(/\s+/), end].join('\n');
}

function refuseOtherThings(text: string): void {
  if (/^(ssh-|ecdsa-|sk-)[\w@.-]*-cert-v01@openssh\.com /.test(text)) {
    throw invalid(
      'is a user certificate, not a private key',
      'Give the private key that belongs to it; the plain key must be in authorized_keys.',
    );
  }
  if (/^((ssh|ecdsa|sk)-[\w@.-]+ AAAA|-----BEGIN (RSA )?PUBLIC KEY|---- BEGIN SSH2 PUBLIC KEY)/.test(text)) {
    throw invalid('is a public key', 'Give the private one: the file without `.pub`.');
  }
  if (text.startsWith('PuTTY-User-Key-File')) {
    throw invalid('is a PuTTY key', 'Convert it: puttygen key.ppk -O private-openssh -o key');
  }
  if (text.startsWith('-----BEGIN CERTIFICATE')) throw invalid('is an X.509 certificate, not a private key');
  const label = /^-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----/.exec(text)?.[1];
  if (label === undefined) {
    throw invalid(
      'does not begin with a line like -----BEGIN OPENSSH PRIVATE KEY-----',
      'Store the whole key file in the secret, first and last line too.',
    );
  }
  if (!text.includes(`-----END ${label}-----`)) {
    throw invalid('is cut off: its last line (-----END …-----) is missing', 'Store the whole key file in the secret.');
  }
  if (label === 'DSA PRIVATE KEY')
    throw invalid('is a DSA key, which no current server accepts', 'Make a new one: ssh-keygen -t ed25519');
  const device = securityKeyType(text);
  if (device !== undefined)
    throw invalid(
      `is the handle of a security key (${device}): only the device itself can sign`,
      'Use `transport: openssh` without this input, and an agent (SSH_AUTH_SOCK) or an ssh_config of the runner that has the device; or make a key for the deploy: ssh-keygen -t ed25519',
    );
}

/** `sk-…` of a key file of OpenSSH. The public half stands in front, readable also where there is a passphrase. */
function securityKeyType(text: string): string | undefined {
  const body = /^-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)/.exec(text)?.[1] ?? '';
  const type = /sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com/;
  return type.exec(Buffer.from(body, 'base64').toString('latin1'))?.[0];
}

function parseWithLibrary(text: string, passphrase: string | undefined): ParsedKey {
  const parsed = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error) throw explainParseError(parsed.message, passphrase);
  // A key file of OpenSSH holds one key today; the library's types do not show that it may answer with a list.
  const [key] = [parsed].flat();
  if (key === undefined || !key.isPrivateKey()) throw invalid('holds no private key');
  return key;
}

function explainParseError(message: string, passphrase: string | undefined): HostError {
  if (/no passphrase/i.test(message)) {
    return invalid('is encrypted', 'Give its passphrase in `ssh-passphrase` (or DEPLOY_SSH_PASSPHRASE).');
  }
  if (
    /bad passphrase|integrity check|bad decrypt|wrong final block|unable to authenticate/i.test(message) &&
    passphrase !== undefined
  ) {
    return invalid('cannot be decrypted: `ssh-passphrase` does not fit, or the key is damaged');
  }
  if (/cipher/i.test(message)) {
    return invalid(
      'is encrypted with a cipher that cannot be read here',
      'Encrypt it anew: ssh-keygen -p -Z aes256-ctr -f KEYFILE',
    );
  }
  return invalid(
    'cannot be read: the text between its first and last line is damaged',
    'Store the whole key file in the secret, unchanged.',
  );
}

/** PKCS#8, which the SSH library does not read: node:crypto does, and gives forms that the library reads. */
function parsePkcs8(text: string, passphrase: string | undefined): ParsedKey {
  const isEncrypted = text.includes('ENCRYPTED PRIVATE KEY');
  if (isEncrypted && passphrase === undefined) throw explainParseError('no passphrase', undefined);
  try {
    const key = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
    switch (key.asymmetricKeyType) {
      case 'rsa':
        return parseWithLibrary(key.export({ format: 'pem', type: 'pkcs1' }).toString(), undefined);
      case 'ec':
        return parseWithLibrary(key.export({ format: 'pem', type: 'sec1' }).toString(), undefined);
      case 'ed25519':
        return parseWithLibrary(openSshEd25519(key.export({ format: 'jwk' })), undefined);
      case undefined:
      default:
        throw invalid(
          `is of type ${key.asymmetricKeyType ?? 'unknown'}, which SSH does not use`,
          'Make a new one: ssh-keygen -t ed25519',
        );
    }
  } catch (thrown) {
    if (thrown instanceof HostError) throw thrown;
    throw isEncrypted ? explainParseError('bad decrypt', passphrase) : explainParseError('malformed', undefined);
  }
}

/** The unencrypted openssh-key-v1 form (PROTOCOL.key of OpenSSH) of an ed25519 key. */
function openSshEd25519(jwk: JsonWebKey): string {
  const publicPart = Buffer.from(jwk.x ?? '', 'base64url');
  const seed = Buffer.from(jwk.d ?? '', 'base64url');
  const type = Buffer.from('ssh-ed25519');
  const publicKey = Buffer.concat([field(type), field(publicPart)]);
  const check = Buffer.alloc(8);
  const secret = Buffer.concat([check, publicKey, field(Buffer.concat([seed, publicPart])), field(Buffer.alloc(0))]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const none = Buffer.from('none');
  const count = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[none, none, Buffer.alloc(0)].map(field),
    count,
    field(publicKey),
    field(Buffer.concat([secret, padding])),
  ]);
  const body = whole.toString('base64').replaceAll(/.{70}/g, '$&\n').trimEnd();
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** What is wrong with a key, before it is known in which input it stood. */
class UnusableKey extends HostError {
  readonly what: string;
  readonly advice: string | undefined;
  constructor(what: string, advice: string | undefined) {
    super({ code: 'SSH_KEY_INVALID', message: what });
    this.what = what;
    this.advice = advice;
  }
}

function invalid(what: string, advice?: string): HostError {
  return new UnusableKey(what, advice);
}

function describeUnusable({ what, advice }: UnusableKey, inputs: KeyInputs): HostError {
  const named = (text: string): string =>
    text
      .replaceAll('`ssh-passphrase`', `\`${inputs.passphrase}\``)
      .replaceAll('DEPLOY_SSH_PASSPHRASE', `DEPLOY_${inputs.passphrase.toUpperCase().replaceAll('-', '_')}`);
  return new HostError({
    code: 'SSH_KEY_INVALID',
    message: `input \`${inputs.key}\`: the value ${named(what)}.`,
    ...(advice === undefined ? {} : { hint: named(advice) }),
  });
}
