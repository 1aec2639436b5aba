import { isAlwaysProtected } from '@deploy-actions/kit/state/manifest';
import ignore from 'ignore';

/** Which paths of a source are synced. Paths are relative to deploy-path. */
export interface PathRules {
  /** `excluded`: not synced, not descended into. `protected`: the same, and never deleted on the server. */
  judge(path: string, isFolder: boolean): 'synced' | 'excluded' | 'protected';
  isProtected(path: string): boolean;
}

export interface RuleLines {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly protect: readonly string[];
  /** The text of `.deployignore`; empty without one. */
  readonly ignoreFile: string;
  /** Paths that are protected as they are, without being patterns. */
  readonly reserved?: readonly string[];
}

/** Git on Linux minds the case. */
const options = { ignorecase: false };

/**
 * .gitignore's semantics for all four lists: `exclude` comes after `.deployignore`, so it can take a rule of it back
 * with `!`; nothing below an excluded folder can be brought back.
 */
export function makeRules(lines: RuleLines): PathRules {
  const isExcluded = makeMatcher([...lines.ignoreFile.split('\n'), ...lines.exclude]);
  const isIncluded = makeMatcher(lines.include);
  const isGuarded = makeMatcher(lines.protect);
  // A pattern such as `data/` means folders, and a path alone does not tell what it is on the server.
  const reserved = new Set(lines.reserved);
  const isProtected = (path: string): boolean =>
    isAlwaysProtected(path) || reserved.has(path) || isGuarded(path) || isGuarded(`${path}/`);
  return {
    isProtected,
    judge: (path, isFolder) => {
      if (isProtected(path)) return 'protected';
      if (path === '.deployignore' || isExcluded(isFolder ? `${path}/` : path)) return 'excluded';
      // Folders are always looked into: an include pattern may match deep inside.
      return isFolder || lines.include.length === 0 || isIncluded(path) ? 'synced' : 'excluded';
    },
  };
}

/** Whether a path matches a list of patterns. Most lists are empty, and thousands of paths are asked for. */
function makeMatcher(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.every((pattern) => pattern.trim() === '')) return () => false;
  const rules = ignore(options).add(patterns.join('\n'));
  return (path) => rules.ignores(path);
}
