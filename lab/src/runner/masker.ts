/** Replaces secrets by *** the way the runner does: each value whole, and each of its trimmed lines. */
export interface Masker {
  /** Registers a value; empty values are ignored. */
  readonly add: (value: string) => void;
  readonly mask: (text: string) => string;
}

/**
 * The runner also masks base64, JSON and URI forms of a secret; this one does not, on purpose: a test for leaks must not be helped
 * by the masker.
 */
export function createMasker(values: readonly string[] = []): Masker {
  const known = new Set<string>();
  let longestFirst: readonly string[] = [];
  const add = (value: string): void => {
    for (const part of [value, ...value.split(/\r?\n/).map((line) => line.trim())])
      if (part.trim() !== '') known.add(part);
    longestFirst = [...known].sort((a, b) => b.length - a.length);
  };
  for (const value of values) add(value);
  return { add, mask: (text) => longestFirst.reduce((masked, secret) => masked.replaceAll(secret, '***'), text) };
}
