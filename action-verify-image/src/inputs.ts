import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { parseDigest, type Digest } from '@deploy-actions/kit/image/digest';
import { parseImageLines, type ImageLine } from '@deploy-actions/kit/image/image-lines';
import { describePolicy, reasonToRefuseTag, tagPolicies, type TagPolicy } from '@deploy-actions/kit/image/tag-policy';
import { milliseconds, parseDuration, type Duration } from '@deploy-actions/kit/time/duration';

import type { Credentials } from './credentials/credentials.ts';
import { parseExpectations, type Expectations } from './expectations.ts';
import { verifyError } from './failures.ts';
import { labelsFor, parseLabelExpectations, type LabelExpectation } from './label-expectations.ts';
import { loadCa, loadCredentials, loadInsecureRegistries } from './registry-inputs.ts';
import { parsePlatform, type Platform } from './registry/platform.ts';
import { loadSignaturePolicy } from './signature-inputs.ts';
import type { SignaturePolicy } from './signature/policy.ts';

/** One image to prove, and what it must be. */
export interface ImageRequest extends ImageLine {
  readonly expectedDigest: Digest | undefined;
  /** 12 to 64 hex digits, lower case. */
  readonly expectedRevision: string | undefined;
  readonly expectedLabels: readonly LabelExpectation[];
}

const dayMs = 86_400_000;

/** What an absent image does: fail the step, or only set the output `exists`. */
export type OnMissing = 'fail' | 'output';

export interface Inputs {
  readonly images: readonly ImageRequest[];
  /** Empty: the platform is not checked. */
  readonly platforms: readonly Platform[];
  /** Since it was built; undefined: any age. */
  readonly maxAge: Duration | undefined;
  /** Of one platform, as a pull transfers it; undefined: any size. */
  readonly maxSizeBytes: number | undefined;
  readonly onMissing: OnMissing;
  readonly signature: SignaturePolicy;
  /** By registry; see normaliseRegistry. */
  readonly credentials: ReadonlyMap<string, Credentials>;
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
export function loadInputs(reader: InputReader, runner: Pick<Runner, 'env'>): Inputs {
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
  const labels = parseLabelExpectations(reader.lines('expect-labels'), names);
  return {
    images: lines.map((line) => ({
      ...line,
      expectedDigest: expectationFor(line, digests),
      expectedRevision: expectationFor(line, revisions),
      expectedLabels: labelsFor(line.target?.name, labels),
    })),
    platforms: loadPlatforms(reader),
    maxAge: loadMaxAge(reader),
    maxSizeBytes: loadMaxSize(reader),
    onMissing: reader.oneOf('on-missing', ['fail', 'output']),
    signature: loadSignaturePolicy(reader, runner),
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

/** Whole days may be more than a duration elsewhere can be: an image may be years old. */
function loadMaxAge(reader: InputReader): Duration | undefined {
  const text = reader.optional('max-age');
  if (text === undefined) return undefined;
  const [, days] = /^(\d{1,4})d$/.exec(text) ?? [];
  const age = days === undefined ? parseDuration(text, 'input `max-age`') : milliseconds(Number(days) * dayMs);
  if (age === 0) throw badInput('max-age', text, 'an age that an image can have: 12h, 30d');
  return age;
}

function loadMaxSize(reader: InputReader): number | undefined {
  const text = reader.optional('max-size-mb');
  if (text === undefined) return undefined;
  if (!/^\d{1,7}$/.test(text) || Number(text) === 0) throw badInput('max-size-mb', text, 'a whole number of megabytes');
  return Number(text) * 1_000_000;
}
