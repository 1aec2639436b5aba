import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { Finding } from './finding.ts';
import { isRuleName, type RuleName } from './rule.ts';

/** One finding that the user accepts, and why. Kept in the release record. */
export interface Acknowledgement {
  readonly rule: RuleName;
  /** As the finding names it. */
  readonly object: string;
  readonly reason: string;
}

/** What nobody can vouch for: nothing of it was reviewed. */
const beyond: ReadonlySet<RuleName> = new Set(['review-incomplete', 'syntax-error']);
const shortestReason = 10;

/**
 * Reads a line of `acknowledge`: `rule object reason …`; an object with blanks in it stands in double quotes.
 * @throws ConfigurationError quoting the line
 */
export function parseAcknowledgement(line: string): Acknowledgement {
  const fail = (why: string): ConfigurationError =>
    new ConfigurationError(
      `input \`acknowledge\`: ${JSON.stringify(line)}: ${why}.`,
      'Write: rule, object, reason. Example: `ban-drop-column orders.note no version since May reads it`.',
    );
  const [, rule = '', quoted, plain, reason = ''] = /^(\S+)\s+(?:"([^"]+)"|(\S+))\s*(.*)$/s.exec(line) ?? [];
  const object = quoted ?? plain ?? '';
  if (object === '') throw fail('no object is named');
  if (!isRuleName(rule)) throw fail(`there is no rule ${JSON.stringify(rule)}`);
  if (beyond.has(rule)) throw fail(`${rule} says that nothing was reviewed, which nobody can vouch for`);
  if (reason.trim().length < shortestReason) throw fail(`a reason of at least ${shortestReason} characters is missing`);
  return { rule, object, reason: reason.trim() };
}

/** Whether a finding is the one that was accepted. */
export function isAcknowledged(finding: Finding, { rule, object }: Acknowledgement): boolean {
  return finding.rule === rule && finding.object === object;
}

/** The line to write, but for the reason; undefined for what cannot be accepted. */
export function suggestAcknowledgement({ rule, object }: Finding): string | undefined {
  if (beyond.has(rule)) return undefined;
  return `${rule} ${/^[^\s"]+$/.test(object) ? object : JSON.stringify(object)} <reason>`;
}
