import { validateHeaderName, validateHeaderValue } from 'node:http';
import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { ConnectTo, Header } from './check.ts';
import { readCommitSha, type CommitSha } from './commit-sha.ts';
import { readJsonPath, type JsonPath } from './json-path.ts';
import { readStatusSet, type StatusSet } from './status-set.ts';

// Each reader takes the subject of its message: ``input `url` `` or a check of the list. All throw ConfigurationError.

/** Reads an http(s) URL without credentials and fragment. */
export function parseUrl(text: string, subject: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw bad(subject, text, 'an http or https URL', 'Write it whole, for example https://example.com/healthz.');
  }
  if (url.username !== '' || url.password !== '') {
    // Not quoted: the URL holds a password.
    const hint = 'Give credentials with `basic-auth` or as a header, from a secret.';
    throw new ConfigurationError(`${subject}: credentials in a URL are not accepted.`, hint);
  }
  url.hash = '';
  return url;
}

/** Reads `name:port`, `192.0.2.1:5432` or `[::1]:5432`. */
export function parseAddress(text: string, subject: string): { readonly address: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2];
  if (address === undefined || address.startsWith('-')) {
    throw bad(subject, text, 'an address with a port', 'Write it like 127.0.0.1:5432.');
  }
  return { address, port: parsePort(match?.[3] ?? '', subject) };
}

export function parsePort(text: string, subject: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw bad(subject, text, 'a port from 1 to 65535');
  return port;
}

/** Reads `name`, `name:port`, `192.0.2.1:8443` or `[::1]:8443`. */
export function parseConnectTo(text: string, subject: string): ConnectTo {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9_][A-Za-z0-9._-]*))(?::(\d{1,5}))?$/.exec(text);
  const address = match?.[1] ?? match?.[2];
  if (address === undefined)
    throw bad(
      subject,
      text,
      'an address with or without a port',
      'Write it like 192.0.2.1 or origin.example.com:8443.',
    );
  return { address, port: match?.[3] === undefined ? undefined : parsePort(match[3], subject) };
}

/** Reads a URL path with an optional query. */
export function parsePath(text: string, subject: string): string {
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(text) || text.includes('#')) {
    throw bad(subject, text, 'a path', 'Begin it with a slash, for example /healthz.');
  }
  return text;
}

/** Reads a Compose service name; the rule is Compose's own. */
export function parseService(text: string, subject: string): string {
  if (!/^[a-zA-Z0-9._-]+$/.test(text)) throw bad(subject, text, 'the name of a Compose service');
  return text;
}

export function parseStatus(text: string, subject: string): StatusSet {
  const set = readStatusSet(text);
  if (set === undefined)
    throw bad(subject, text, 'a set of status codes', 'Write it like 200, 200-299 or 200-299,304.');
  return set;
}

export function parseCommit(text: string, subject: string): CommitSha {
  const sha = readCommitSha(text);
  if (sha === undefined) throw bad(subject, text, 'a commit of 7 to 64 hexadecimal digits');
  return sha;
}

export function parseJsonPath(text: string, subject: string): JsonPath {
  const path = readJsonPath(text);
  if (path === undefined)
    throw bad(subject, text, 'a path into JSON', 'Write it like git_sha, build.sha or items[0].id.');
  return path;
}

/** Reads one header; the value is never quoted in a message. */
export function parseHeader(name: string, value: string, subject: string): Header {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new ConfigurationError(
      `${subject}: the header ${JSON.stringify(name)} has a name or a value that HTTP does not allow.`,
    );
  }
  // They frame the message; with a wrong one the app would wait for a body that never comes.
  if (/^(content-length|transfer-encoding|connection|upgrade|expect)$/i.test(name)) {
    throw new ConfigurationError(`${subject}: the header ${JSON.stringify(name)} is set by the gate itself.`);
  }
  return [name, value];
}

/** Reads `user:password` into the header that carries them; never quoted in a message. */
export function parseBasicAuth(text: string, subject: string): Header {
  if (!/^[^:]+:/.test(text) || /\p{Cc}/u.test(text))
    throw new ConfigurationError(`${subject}: it is not of the form \`user:password\`.`);
  return ['authorization', `Basic ${Buffer.from(text, 'utf8').toString('base64')}`];
}

/** Reads the factor by which an interval grows. */
export function parseBackoff(text: string, subject: string): number {
  const factor = /^\d(\.\d{1,2})?$/.test(text) ? Number(text) : 0;
  if (factor < 1 || factor > 5) throw bad(subject, text, 'a factor from 1 to 5', 'Write it like 1 or 1.5.');
  return factor;
}

/** Reads the command of an `exec` check: a list, because no shell takes it apart. */
export function parseCommand(value: unknown, subject: string): readonly string[] {
  const words: readonly unknown[] = Array.isArray(value) ? value : [];
  const command = words.flatMap((word) =>
    typeof word === 'string' || typeof word === 'number' || typeof word === 'boolean' ? [String(word)] : [],
  );
  const isUsable = command.length > 0 && command.length === words.length && command[0]?.trim() !== '';
  if (isUsable && command.every((word) => !word.includes('\0'))) return command;
  throw new ConfigurationError(
    `${subject}: it is not a list of words.`,
    'No shell reads it. Write ["python", "manage.py", "check"], or ["sh", "-c", "…"] for a shell in the container.',
  );
}

/** Reads a user of a container, as `docker exec --user` takes it. */
export function parseUser(text: string, subject: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(text))
    throw bad(subject, text, 'a user of the container', 'Write it like app, 1000 or 1000:1000.');
  return text;
}

function bad(subject: string, value: string, expected: string, hint?: string): ConfigurationError {
  return new ConfigurationError(`${subject}: ${JSON.stringify(value)} is not ${expected}.`, hint);
}
