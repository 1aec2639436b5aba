import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { cleanLine } from './plain-text.ts';

/** One image of the deployment: what ran before and what runs now. */
export interface ImageChange {
  readonly name: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/**
 * Reads `digests` as rolling-deploy gives them: lines `name=reference`, or a JSON object of the same.
 * @throws ConfigurationError naming the input
 */
export function parseImages(text: string, input: string): ReadonlyMap<string, string> {
  const trimmed = text.trim();
  const pairs = trimmed.startsWith('{') ? readJson(trimmed, input) : readLines(trimmed, input);
  return new Map(pairs.map(([name, reference]) => [cleanLine(name), cleanLine(reference)]));
}

function readJson(text: string, input: string): readonly (readonly [string, string])[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConfigurationError(`input \`${input}\`: it begins like JSON, but is not valid JSON.`);
  }
  return Object.entries(value as Readonly<Record<string, unknown>>).map(([name, reference]) => {
    if (typeof reference === 'string') return [name, reference];
    throw new ConfigurationError(`input \`${input}\`: the value of ${JSON.stringify(name)} is not a text.`);
  });
}

function readLines(text: string, input: string): readonly (readonly [string, string])[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const equals = line.indexOf('=');
      if (equals > 0 && equals < line.length - 1) return [line.slice(0, equals), line.slice(equals + 1)];
      const hint = 'Give the outputs `digests` and `previous-digests` of action-rolling-deploy.';
      throw new ConfigurationError(
        `input \`${input}\`: ${JSON.stringify(line)} is not of the form name=reference.`,
        hint,
      );
    });
}

/** From → to, in the order of what runs now; images that are gone come last. */
export function compareImages(
  now: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
): readonly ImageChange[] {
  const names = [...new Set([...now.keys(), ...before.keys()])];
  return names.map((name) => ({ name, from: before.get(name), to: now.get(name) }));
}

/** A reference as people compare it: twelve digits of its digest; a tag in full. */
export function shortImage(reference: string): string {
  const digest = /sha256:([0-9a-f]{12})[0-9a-f]*$/.exec(reference)?.[1];
  return digest === undefined ? reference : `sha256:${digest}`;
}

/** `sha256:aaa → sha256:bbb`; without a before it is new, without a difference unchanged. */
export function describeChange({ from, to }: ImageChange): readonly string[] {
  if (from === to) return to === undefined ? [] : [shortImage(to), 'unchanged'];
  return [from === undefined ? 'new' : shortImage(from), '→', to === undefined ? 'removed' : shortImage(to)];
}
