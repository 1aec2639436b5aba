import { ConfigurationError } from '../action/errors.ts';
import { formatImageRef, isPinned, parseImageRef, type ImageRef, type PinnedImageRef } from './image-ref.ts';

/** The left side of an `images` line: which image of the Compose model a reference is for. */
export interface ImageName {
  /** `env`: a variable of the compose file (`API_IMAGE`); `service`: a Compose service. */
  readonly kind: 'service' | 'env';
  readonly name: string;
}

/** One line of an `images` input: `service=repo@sha256:…` or `API_IMAGE=repo@sha256:…`. */
export interface ImagePin extends ImageName {
  readonly ref: ImageRef;
}

/** A line as verify-image takes it: the name may be left out. */
export interface ImageLine {
  readonly target: ImageName | undefined;
  readonly ref: ImageRef;
}

const envPattern = /^[A-Z][A-Z0-9_]*$/;
// Compose's own pattern, less a leading dash: such a name would be read as an option.
const servicePattern = /^[a-zA-Z0-9._][a-zA-Z0-9._-]*$/;

/** UPPER_CASE is an environment variable, anything else a service. Undefined when it can be neither. */
export function parseImageName(text: string): ImageName | undefined {
  if (envPattern.test(text)) return { kind: 'env', name: text };
  return servicePattern.test(text) ? { kind: 'service', name: text } : undefined;
}

/**
 * Reads lines of `name=reference` or plain `reference`; the same left side twice is refused.
 * @param input the name of the input, for messages
 * @throws ConfigurationError quoting the line
 */
export function parseImageLines(lines: readonly string[], input: string): readonly ImageLine[] {
  const seen = new Set<string>();
  return lines.map((line) => {
    const subject = `input \`${input}\``;
    const equals = line.indexOf('=');
    if (equals === -1) return { target: undefined, ref: parseImageRef(line, subject) };
    const left = line.slice(0, equals).trim();
    const target = parseImageName(left);
    if (target === undefined) {
      throw new ConfigurationError(
        `${subject}: in the line ${JSON.stringify(line)}, ${JSON.stringify(left)} is neither a Compose service nor an environment variable.`,
        'Write service=repository@sha256:… or API_IMAGE=repository@sha256:….',
      );
    }
    if (seen.has(left))
      throw new ConfigurationError(`${subject}: ${left} is given twice, in the line ${JSON.stringify(line)} again.`);
    seen.add(left);
    return { target, ref: parseImageRef(line.slice(equals + 1).trim(), `${subject}, ${left}`) };
  });
}

/**
 * Like {@link parseImageLines}, but each line must have its left side.
 * @throws ConfigurationError quoting the line
 */
export function parseImagePins(lines: readonly string[], input: string): readonly ImagePin[] {
  return parseImageLines(lines, input).map(({ target, ref }) => {
    if (target !== undefined) return { ...target, ref };
    throw new ConfigurationError(
      `input \`${input}\`: the line ${JSON.stringify(ref.text)} does not say which image it is for.`,
      `Write service=${ref.text} or API_IMAGE=${ref.text}.`,
    );
  });
}

/**
 * Only digests cannot change between the proof and the deploy.
 * @throws ConfigurationError for the first pin without one
 */
export function requireDigests(
  pins: readonly ImagePin[],
  input: string,
): readonly (ImagePin & { readonly ref: PinnedImageRef })[] {
  return pins.map((pin) => {
    const { ref } = pin;
    if (isPinned(ref)) return { ...pin, ref };
    throw new ConfigurationError(
      `input \`${input}\`: ${pin.name}=${ref.text} has no digest, so it may be another image by the time it is pulled.`,
      'Give the output `images` of action-verify-image here, or write repository@sha256:….',
    );
  });
}

/** The line {@link parseImagePins} reads back; without a target the bare reference. */
export function formatImageLine(target: ImageName | undefined, ref: ImageRef): string {
  const right = formatImageRef(ref);
  return target === undefined ? right : `${target.name}=${right}`;
}
