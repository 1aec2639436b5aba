import { isRuleName } from './rule.ts';

/** A `-- squawk-ignore rule, rule` or `-- squawk-ignore-file rule`. */
export interface IgnoreComment {
  readonly isForFile: boolean;
  /** Empty = all rules of a file. */
  readonly rules: readonly string[];
}

const names: Readonly<Record<string, readonly string[]>> = {
  // squawk's own name for both.
  'require-timeout-settings': ['require-lock-timeout', 'require-statement-timeout'],
};

/** Reads a comment; undefined when it is none of these. */
export function readIgnoreComment(comment: string): IgnoreComment | undefined {
  const found = /^(?:--|\/\*)\s*squawk-ignore(-file)?(?![\w-])[ \t:]*([\w-]+(?:\s*,\s*[\w-]+)*)?/.exec(comment);
  if (found === null) return undefined;
  const rules = (found[2] ?? '')
    .split(/\s*,\s*/)
    .filter((name) => name !== '')
    .flatMap((name) => names[name] ?? [name]);
  return { isForFile: found[1] !== undefined, rules };
}

/** Whether a comment is worth a word when it takes nothing back: squawk has rules of style that are none of ours. */
export function isOurs({ rules }: IgnoreComment): boolean {
  return rules.every(isRuleName);
}
