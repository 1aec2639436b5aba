import type { Expectation } from './check.ts';
import { isSameCommit, readCommitSha, shortenCommits } from './commit-sha.ts';
import { formatJsonPath, valueAt } from './json-path.ts';
import { formatStatusSet, isInStatusSet } from './status-set.ts';

/** How far an attempt came before it ended. */
export type Phase = 'lookup' | 'connect' | 'tls' | 'headers' | 'body';

/** What one attempt saw. */
export type Probe =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string | undefined>>;
      /** Decoded as UTF-8, at most 1 MiB. */
      readonly body: string;
      readonly isTruncated: boolean;
    }
  | { readonly kind: 'connected' }
  | { readonly kind: 'broken'; readonly phase: Phase; readonly problem: string }
  | { readonly kind: 'no-container'; readonly problem: string };

/** Why an attempt does not count; everything here is "not yet" and tried again until the deadline. */
export type MissKind = 'unreachable' | 'status' | 'commit' | 'challenge' | 'no-container';

export type Verdict =
  | { readonly ok: true; readonly observedSha?: string }
  | { readonly ok: false; readonly kind: MissKind; readonly reason: string; readonly observedSha?: string };

const longestQuote = 200;

/**
 * Does this attempt count as a success? Pure. A CDN's challenge page never does, whatever its status: the app was not asked.
 */
export function judge(probe: Probe, expectation: Expectation | undefined): Verdict {
  switch (probe.kind) {
    case 'broken':
      return { ok: false, kind: 'unreachable', reason: describeBreak(probe.phase, probe.problem) };
    case 'no-container':
      return { ok: false, kind: 'no-container', reason: probe.problem };
    case 'connected':
      return { ok: true };
    case 'answer':
      return expectation === undefined ? { ok: true } : judgeAnswer(probe, expectation);
  }
}

/** `connect: ECONNREFUSED …`, where Node says `connect ECONNREFUSED …`. */
function describeBreak(phase: Phase, problem: string): string {
  const rest = problem.startsWith(`${phase} `) ? problem.slice(phase.length + 1) : problem;
  return `${phase}: ${rest.replace(/\.$/, '')}`;
}

function judgeAnswer(answer: Extract<Probe, { kind: 'answer' }>, expectation: Expectation): Verdict {
  if (answer.headers['cf-mitigated'] === 'challenge') {
    return { ok: false, kind: 'challenge', reason: `a CDN challenge page answered (${answer.status}), not the app` };
  }
  if (!isInStatusSet(expectation.status, answer.status)) {
    const location = answer.headers['location'];
    const seen =
      location === undefined ? quoteBody(answer.body) : `redirects are not followed; it points to ${quote(location)}`;
    const reason = `status ${answer.status}, expected ${formatStatusSet(expectation.status)}${seen === '' ? '' : `: ${seen}`}`;
    return { ok: false, kind: 'status', reason };
  }
  return expectation.commit === undefined ? { ok: true } : judgeCommit(answer, expectation.commit);
}

function judgeCommit(answer: Extract<Probe, { kind: 'answer' }>, commit: NonNullable<Expectation['commit']>): Verdict {
  const where = `\`${formatJsonPath(commit.path)}\``;
  const miss = (reason: string, observedSha?: string): Verdict => ({
    ok: false,
    kind: 'commit',
    reason,
    ...(observedSha === undefined ? {} : { observedSha }),
  });
  if (answer.isTruncated) return miss('the body is larger than 1 MiB, so its commit was not read');
  const document = parseJson(answer.body);
  if (document === undefined) return miss(`the body is not JSON, so it has no ${where}: ${quoteBody(answer.body)}`);
  const value = valueAt(document.value, commit.path);
  if (value === undefined) return miss(`the body has no ${where}: ${quoteBody(answer.body)}`);
  const observed = typeof value === 'string' ? readCommitSha(value) : undefined;
  if (observed === undefined) {
    return miss(`${where} is ${quote(JSON.stringify(value))}, not a commit of 7 or more hexadecimal digits`);
  }
  if (isSameCommit(observed, commit.sha)) return { ok: true, observedSha: observed };
  const [seen, wanted] = shortenCommits(observed, commit.sha);
  return miss(`commit ${seen} answers, expected ${wanted}`, observed);
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    return undefined;
  }
}

/**
 * One verdict for a service from those of its containers: a success only when there is at least one and all succeed.
 * The first miss is the one told, with the container it came from.
 */
export function combineVerdicts(
  verdicts: readonly { readonly container: string; readonly verdict: Verdict }[],
): Verdict {
  const miss = verdicts.find(({ verdict }) => !verdict.ok);
  if (miss !== undefined && !miss.verdict.ok) {
    return { ...miss.verdict, reason: `container ${miss.container}: ${miss.verdict.reason}` };
  }
  const shas = [...new Set(verdicts.flatMap(({ verdict }) => verdict.observedSha ?? []))];
  return { ok: true, ...(shas.length === 0 ? {} : { observedSha: shas.join(',') }) };
}

function quoteBody(body: string): string {
  return body.trim() === '' ? 'empty body' : quote(body.trim());
}

/** Foreign text for a message: one line, printable, bounded. */
function quote(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > longestQuote ? `${line.slice(0, longestQuote).replace(/[\uD800-\uDBFF]$/, '')}…` : line;
}
