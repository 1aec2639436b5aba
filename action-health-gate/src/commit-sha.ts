declare const brand: unique symbol;
/** A commit id in lower case, full or abbreviated: 7 to 64 hexadecimal digits (SHA-1 has 40, SHA-256 has 64). */
export type CommitSha = string & { readonly [brand]: 'CommitSha' };

/**
 * Reads a commit id as people and apps write it: any case, white space around it, with or without the `sha-` that image
 * tags carry. Undefined when it is none: `latest`, `v1.2.0`, `unknown`, fewer than seven digits.
 */
export function readCommitSha(text: string): CommitSha | undefined {
  const digits = text.trim().toLowerCase().replace(/^sha-/, '');
  return /^[0-9a-f]{7,64}$/.test(digits) ? (digits as CommitSha) : undefined;
}

/** Whether two ids can be the same commit: compared on the length of the shorter one. */
export function isSameCommit(one: CommitSha, other: CommitSha): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

/** Two different commits as people compare them: twelve digits, or all where that would hide the difference. */
export function shortenCommits(one: CommitSha, other: CommitSha): readonly [string, string] {
  const length = one.slice(0, 12) === other.slice(0, 12) ? 64 : 12;
  return [one.slice(0, length), other.slice(0, length)];
}
