import { ConfigurationError } from '@deploy-actions/kit/action/errors';

/** What images must be: one value for all, or one for each name. */
export interface Expectations<T> {
  readonly forAll: T | undefined;
  readonly byName: ReadonlyMap<string, T>;
}

/**
 * Reads an `expect-…` input: one value for all images, or lines `name=value` for some of them; never both.
 * @param names the left sides of `images`
 * @param readValue throws the error for a value that does not fit
 * @throws ConfigurationError
 */
export function parseExpectations<T>(
  lines: readonly string[],
  input: string,
  names: readonly (string | undefined)[],
  readValue: (text: string) => T,
): Expectations<T> {
  const byName = new Map<string, T>();
  let forAll: T | undefined;
  for (const line of lines) {
    const [, name, value = line] = /^([^=]*)=(.*)$/.exec(line) ?? [];
    const key = name?.trim();
    if (key === undefined) {
      if (lines.length > 1) {
        throw new ConfigurationError(
          `input \`${input}\`: ${JSON.stringify(line)} does not say which image it is for.`,
          'Give one value for all images, or one line name=value for each.',
        );
      }
      forAll = readValue(value.trim());
    } else {
      if (!names.includes(key)) {
        throw new ConfigurationError(
          `input \`${input}\`: ${JSON.stringify(key)} is not the left side of any line of \`images\`.`,
        );
      }
      if (byName.has(key)) throw new ConfigurationError(`input \`${input}\`: ${JSON.stringify(key)} is given twice.`);
      byName.set(key, readValue(value.trim()));
    }
  }
  return { forAll, byName };
}
