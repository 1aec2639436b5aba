import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { Group } from './group.ts';
import { isMatched } from './path-pattern.ts';

/** What is known of the changed files. */
export type Changes =
  | { readonly kind: 'known'; readonly paths: readonly string[] }
  | { readonly kind: 'none'; readonly reason: string }
  /** Not at all, or not all of them: `paths` are those that are known. */
  | {
      readonly kind: 'incomplete';
      readonly reason: string;
      readonly paths: readonly string[];
      /** A start by hand: whoever gives `force` means those groups and no others. */
      readonly isManual: boolean;
    };

/** What to do when the changed files are not all known. */
export type OnUnknown = 'run' | 'skip' | 'fail';

export interface GroupDecision {
  readonly name: string;
  readonly isChanged: boolean;
  readonly matched: readonly string[];
  readonly why: string;
}

/** Groups that are to run whatever changed. */
export type Force = 'all' | readonly string[];

/**
 * Reads `force`: `true` or `all`, `false`, or names of groups.
 * @throws ConfigurationError for a name that is no group
 */
export function parseForce(text: string | undefined, groups: readonly Group[]): Force {
  const words = (text ?? '').split(/[\s,]+/).filter((word) => word !== '' && word !== 'false');
  if (words.includes('true') || words.includes('all')) return 'all';
  const unknown = words.find((word) => !groups.some(({ name }) => name === word));
  if (unknown === undefined) return words;
  const names = groups.map(({ name }) => name).join(', ');
  throw new ConfigurationError(`input \`force\`: ${JSON.stringify(unknown)} is not one of: all, ${names}.`);
}

/**
 * Which groups run, and why. Where the changed files are not all known, every group runs (`run`), unless the user wants it
 * otherwise: a deployment too many does no harm, one too few is not noticed.
 */
export function decide(
  groups: readonly Group[],
  changes: Changes,
  force: Force,
  onUnknown: Exclude<OnUnknown, 'fail'>,
): readonly GroupDecision[] {
  return groups.map(({ name, patterns }) => {
    const matched = changes.kind === 'none' ? [] : changes.paths.filter((path) => isMatched(path, patterns));
    const decision = (isChanged: boolean, why: string): GroupDecision => ({ name, isChanged, matched, why });
    if (force === 'all' || force.includes(name)) return decision(true, 'forced');
    if (matched.length > 0)
      return decision(true, `${matched.length} changed ${matched.length === 1 ? 'file' : 'files'}`);
    if (changes.kind === 'none') return decision(false, changes.reason);
    if (changes.kind === 'known') return decision(false, 'no changed file');
    if (changes.isManual && force.length > 0) return decision(false, 'others were asked for');
    return decision(onUnknown === 'run', changes.reason);
  });
}
