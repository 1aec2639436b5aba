import { readFileSync } from 'node:fs';

import { ConfigurationError, describeThrown } from '@deploy-actions/kit/action/errors';
import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import { parseDigest, type Digest } from '@deploy-actions/kit/image/digest';
import { parseImageLines, type ImageLine } from '@deploy-actions/kit/image/image-lines';
import { describePolicy, reasonToRefuseTag, tagPolicies, type TagPolicy } from '@deploy-actions/kit/image/tag-policy';
import type { Duration } from '@deploy-actions/kit/time/duration';

import { parseExpectations, type Expectations } from './expectations.ts';
import { verifyError } from './failures.ts';
import type { Credentials } from './registry/authenticator.ts';
import { normaliseRegistry } from './registry/endpoint.ts';
import { parsePlatform, type Platform } from './registry/platform.ts';

/** One image to prove, and what it must be. */
export interface ImageRequest extends ImageLine {
  readonly expectedDigest: Digest | undefined;
  /** 12 to 64 hex digits, lower case. */
  readonly expectedRevision: string | undefined;
}

export interface RegistryCredentials extends Credentials {
  /** The one host they may be sent for; see normaliseRegistry. */
  readonly registry: string;
}

export interface Inputs {
  readonly images: readonly ImageRequest[];
  /** Empty: the platform is not checked. */
  readonly platforms: readonly Platform[];
  readonly credentials: RegistryCredentials | undefined;
  readonly insecureRegistries: readonly string[];
  /** PEM text of certificates to trust. */
  readonly ca: string | undefined;
  readonly waitTimeout: Duration;
  readonly timeout: Duration;
  readonly retries: number;
}

/**
 * All inputs, checked; nothing has been asked of any registry yet.
 * @throws ConfigurationError, or DeployError TAG_FLOATING
 */
export function loadInputs(reader: InputReader): Inputs {
  reader.required('images');
  const lines = parseImageLines(reader.lines('images'), 'images');
  if (lines.length === 0) throw new ConfigurationError('input `images` holds no image, only comments.');
  for (const { ref } of lines) {
    // Docker's grammar lets ports through that no URL can hold.
    if (!URL.canParse(`https://${ref.registry}`))
      throw badInput('images', ref.text, 'on a registry host that can be reached');
  }
  refuseFloatingTags(lines, reader.oneOf('tags', tagPolicies));
  const names = lines.map(({ target }) => target?.name);
  const digests = parseExpectations(reader.lines('expect-digest'), 'expect-digest', names, readDigest);
  const revisions = parseExpectations(reader.lines('expect-revision'), 'expect-revision', names, readRevision);
  return {
    images: lines.map((line) => ({
      ...line,
      expectedDigest: expectationFor(line, digests),
      expectedRevision: expectationFor(line, revisions),
    })),
    platforms: loadPlatforms(reader),
    credentials: loadCredentials(reader, lines),
    insecureRegistries: loadInsecureRegistries(reader),
    ca: loadCa(reader),
    waitTimeout: reader.duration('wait-timeout'),
    timeout: reader.duration('timeout'),
    retries: reader.integer('retries', { min: 0, max: 10 }),
  };
}

function refuseFloatingTags(lines: readonly ImageLine[], policy: TagPolicy): void {
  for (const { ref } of lines) {
    const reason = reasonToRefuseTag(ref, policy);
    if (reason === undefined) continue;
    throw verifyError({
      code: 'TAG_FLOATING',
      message: `input \`images\`: ${JSON.stringify(ref.text)} is refused: ${reason}.`,
      hint: `\`tags: ${policy}\` takes ${describePolicy(policy)}. To allow any tag here, set \`tags: any\`.`,
    });
  }
}

function expectationFor<T>({ target }: ImageLine, expectations: Expectations<T>): T | undefined {
  return (target === undefined ? undefined : expectations.byName.get(target.name)) ?? expectations.forAll;
}

function readDigest(text: string): Digest {
  const digest = parseDigest(text);
  if (digest === undefined) throw badInput('expect-digest', text, 'a digest (sha256: and 64 lower-case hex digits)');
  return digest;
}

function readRevision(text: string): string {
  if (!/^[0-9a-f]{12,64}$/i.test(text))
    throw badInput('expect-revision', text, 'a commit SHA of at least 12 hex digits');
  return text.toLowerCase();
}

function loadPlatforms(reader: InputReader): readonly Platform[] {
  const texts = reader
    .lines('platforms')
    .flatMap((line) => line.split(','))
    .map((text) => text.trim());
  return texts
    .filter((text) => text !== '')
    .map((text) => {
      const platform = parsePlatform(text);
      if (platform === undefined) throw badInput('platforms', text, 'a platform such as linux/amd64 or linux/arm/v7');
      return platform;
    });
}

function loadCredentials(reader: InputReader, lines: readonly ImageLine[]): RegistryCredentials | undefined {
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
  return { username, password, registry: loadRegistry(reader, lines) };
}

function loadRegistry(reader: InputReader, lines: readonly ImageLine[]): string {
  const given = reader.optional('registry', { env: 'DEPLOY_REGISTRY' });
  if (given !== undefined) return normaliseRegistry(given);
  const registries = [...new Set(lines.map(({ ref }) => normaliseRegistry(ref.registry)))];
  const [only = '', ...others] = registries;
  if (others.length === 0) return only;
  throw new ConfigurationError(
    `input \`registry\` is required: the images are on ${registries.join(', ')}, and \`registry-username\` belongs to one of them.`,
    'Set `registry` to the host that the user name and password are for; the others are asked without.',
  );
}

function loadInsecureRegistries(reader: InputReader): readonly string[] {
  return reader.lines('insecure-registries').map((line) => {
    const host = line.toLowerCase();
    if (host.includes('/') || !URL.canParse(`http://${host}`)) {
      throw badInput('insecure-registries', line, 'a host:port without scheme or path');
    }
    return host;
  });
}

function loadCa(reader: InputReader): string | undefined {
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
