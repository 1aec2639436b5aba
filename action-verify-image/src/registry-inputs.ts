import { readFileSync } from 'node:fs';

import { ConfigurationError, describeThrown } from '@deploy-actions/kit/action/errors';
import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import type { ImageLine } from '@deploy-actions/kit/image/image-lines';

import type { Credentials } from './credentials/credentials.ts';
import { normaliseRegistry } from './registry/endpoint.ts';

/**
 * The credentials that the step was given, by the registry they belong to (see normaliseRegistry).
 * @throws ConfigurationError
 */
export function loadCredentials(reader: InputReader, lines: readonly ImageLine[]): ReadonlyMap<string, Credentials> {
  const credentials = new Map<string, Credentials>();
  for (const line of (reader.secret('registry-credentials') ?? '').split(/\r?\n/)) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const [, host = '', username = '', password = ''] = /^([^=:]+(?::\d+)?)=([^:]+):(.+)$/.exec(text) ?? [];
    // The line is a secret: it is not quoted.
    if (host === '') {
      throw new ConfigurationError(
        'input `registry-credentials`: a line has not the form host=user:password.',
        'Write one line for each registry: ghcr.io=name:token.',
      );
    }
    const registry = normaliseRegistry(host);
    if (credentials.has(registry)) {
      throw new ConfigurationError(`input \`registry-credentials\`: ${JSON.stringify(registry)} is given twice.`);
    }
    credentials.set(registry, { kind: 'password', username, password, source: '`registry-credentials`' });
  }
  const one = loadAccount(reader, lines, credentials);
  if (one === undefined) return credentials;
  if (credentials.has(one.registry)) {
    throw new ConfigurationError(
      `input \`registry-credentials\`: ${JSON.stringify(one.registry)} is given by \`registry-username\` too.`,
    );
  }
  return credentials.set(one.registry, one.credentials);
}

interface Account {
  readonly registry: string;
  readonly credentials: Credentials;
}

function loadAccount(
  reader: InputReader,
  lines: readonly ImageLine[],
  others: ReadonlyMap<string, Credentials>,
): Account | undefined {
  const username = reader.optional('registry-username', { env: 'DEPLOY_REGISTRY_USERNAME' });
  const password = reader.secret('registry-password', { env: 'DEPLOY_REGISTRY_PASSWORD' })?.trim();
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || password === undefined) {
    const [given, missing] = username === undefined ? ['password', 'username'] : ['username', 'password'];
    throw new ConfigurationError(
      `input \`registry-${missing}\` was empty, but \`registry-${given}\` was given.`,
      'A secret that does not exist in this repository or environment arrives here as an empty value.',
    );
  }
  if (username.includes(':'))
    throw badInput('registry-username', username, 'a user name (a colon ends it in HTTP Basic)');
  const source = '`registry-username` and `registry-password`';
  return {
    registry: loadRegistry(reader, lines, others),
    credentials: { kind: 'password', username, password, source },
  };
}

function loadRegistry(
  reader: InputReader,
  lines: readonly ImageLine[],
  others: ReadonlyMap<string, Credentials>,
): string {
  const given = reader.optional('registry', { env: 'DEPLOY_REGISTRY' });
  if (given !== undefined) return normaliseRegistry(given);
  const registries = [...new Set(lines.map(({ ref }) => normaliseRegistry(ref.registry)))].filter(
    (registry) => !others.has(registry),
  );
  const [only, ...more] = registries;
  if (only !== undefined && more.length === 0) return only;
  throw new ConfigurationError(
    `input \`registry\` is required: the images are on ${registries.join(', ')}, and \`registry-username\` belongs to one of them.`,
    'Set `registry` to the host that the user name and password are for, and give the others in `registry-credentials`.',
  );
}

export function loadInsecureRegistries(reader: InputReader): readonly string[] {
  return reader.lines('insecure-registries').map((line) => {
    const host = line.toLowerCase();
    if (host.includes('/') || !URL.canParse(`http://${host}`)) {
      throw badInput('insecure-registries', line, 'a host:port without scheme or path');
    }
    return host;
  });
}

/** PEM text of certificates to trust. */
export function loadCa(reader: InputReader): string | undefined {
  const path = reader.optional('ca-file');
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new ConfigurationError(
      `input \`ca-file\`: ${JSON.stringify(path)} cannot be read: ${describeThrown(thrown)}.`,
    );
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw badInput('ca-file', path, 'a file with PEM certificates');
  return text;
}
