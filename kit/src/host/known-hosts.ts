import { createHmac, timingSafeEqual } from 'node:crypto';
import { ConfigurationError } from '../action/errors.ts';
import { isHostKeyType, type HostKeyType } from './ssh-algorithms.ts';

/** One line of a known_hosts file, as sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT" describes it. */
export interface KnownHostLine {
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  /** Comma list of patterns, or one `|1|salt|hash`. */
  readonly names: string;
  readonly type: string;
  readonly key: Buffer;
  /** From 1. */
  readonly line: number;
}

/** A host key that the user trusts for this host. */
export interface HostKeyPin {
  readonly type: HostKeyType;
  readonly key: Buffer;
}

/** What a known_hosts file says about one host. */
export interface KnownHost {
  readonly pins: readonly HostKeyPin[];
  readonly revoked: readonly Buffer[];
  /** Keys that may sign certificates of this host. */
  readonly authorities: readonly Buffer[];
  /** Types of lines for this host that cannot be verified here (`ssh-dss`, `sk-…`). */
  readonly unusableTypes: readonly string[];
}

/**
 * Reads a known_hosts text; `source` names it in errors. A line that cannot be read is an error, never skipped: it might
 * be the one that revokes a key.
 * @throws ConfigurationError naming the line by number
 */
export function parseKnownHosts(text: string, source: string): readonly KnownHostLine[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .flatMap((raw, index) => {
      const line = raw.trim();
      return line === '' || line.startsWith('#') ? [] : [parseLine(line, index + 1, source)];
    });
}

function parseLine(line: string, number: number, source: string): KnownHostLine {
  const unreadable = (why: string): ConfigurationError =>
    new ConfigurationError(
      `${source}: line ${number} ${why}.`,
      'Each line is: host names, key type, base64 key; as `ssh-keyscan HOST` prints them.',
    );
  const words = line.split(/\s+/);
  const marker = readMarker(words[0] ?? '');
  if (marker === undefined) throw unreadable(`has the unknown marker ${words[0] ?? ''}`);
  const [names, type, base64] = marker === 'none' ? words : words.slice(1);
  if (names === undefined || type === undefined || base64 === undefined)
    throw unreadable('has fewer than three fields');
  const key = Buffer.from(base64, 'base64');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || keyTypeOf(key) !== type) {
    throw unreadable(`does not hold a key of type ${JSON.stringify(type)} (cut off while copying?)`);
  }
  if (names.startsWith('|') && parseHashed(names) === undefined)
    throw unreadable('has a hashed name that is not |1|salt|hash');
  return { marker, names, type, key, line: number };
}

function readMarker(word: string): KnownHostLine['marker'] | undefined {
  if (!word.startsWith('@')) return 'none';
  if (word === '@revoked') return 'revoked';
  return word === '@cert-authority' ? 'cert-authority' : undefined;
}

/** The type that a key blob names itself (its first length-prefixed string); undefined when it is none. */
export function keyTypeOf(key: Buffer): string | undefined {
  if (key.length < 8) return undefined;
  const length = key.readUInt32BE(0);
  return length > 0 && length <= key.length - 4 ? key.toString('latin1', 4, 4 + length) : undefined;
}

/** How known_hosts calls a host: with brackets and port unless the port is 22. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** What the lines say about a host. */
export function findKnownHost(lines: readonly KnownHostLine[], host: string, port: number): KnownHost {
  const name = knownHostName(host, port);
  const about = lines.filter((line) => matchesNames(line.names, name));
  const keys = about.filter((line) => line.marker === 'none');
  return {
    pins: keys.flatMap(({ type, key }) => (isHostKeyType(type) ? [{ type, key }] : [])),
    revoked: about.filter((line) => line.marker === 'revoked').map((line) => line.key),
    authorities: about.filter((line) => line.marker === 'cert-authority').map((line) => line.key),
    unusableTypes: keys.map((line) => line.type).filter((type) => !isHostKeyType(type)),
  };
}

/** Whether the names field of a line covers a name made by {@link knownHostName}. A negated match wins over all others. */
export function matchesNames(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHashed(names, name);
  const patterns = names.toLowerCase().split(',');
  const isMatch = (pattern: string): boolean => globMatches(pattern, name);
  if (patterns.some((pattern) => pattern.startsWith('!') && isMatch(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && isMatch(pattern));
}

function parseHashed(names: string): { readonly salt: Buffer; readonly hash: Buffer } | undefined {
  const match = /^\|1\|([A-Za-z0-9+/=]+)\|([A-Za-z0-9+/=]+)$/.exec(names);
  const [, salt, hash] = match ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const parsed = { salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
  return parsed.hash.length === 20 ? parsed : undefined;
}

function matchesHashed(names: string, name: string): boolean {
  const hashed = parseHashed(names);
  if (hashed === undefined) return false;
  return timingSafeEqual(createHmac('sha1', hashed.salt).update(name).digest(), hashed.hash);
}

/** `*` any run, `?` one character, everything else literal (brackets too). Linear: no regular expression from user text. */
function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
