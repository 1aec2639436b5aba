import { challengeVendor } from './challenge-page.ts';
import type { Expectation, TextAssertion } from './check.ts';
import { isSameCommit, readCommitSha, shortenCommits } from './commit-sha.ts';
import { missedAssertion } from './json-assertion.ts';
import { formatJsonPath, valueAt } from './json-path.ts';
import { searchLimitMs, searchPattern } from './pattern.ts';
import { quoteText } from './quote.ts';
import { formatStatusSet, isInStatusSet } from './status-set.ts';

/** How far an attempt came before it ended. */
export type Phase = 'lookup' | 'connect' | 'tls' | 'headers' | 'body' | 'exec';

/** What came back for one HTTP request. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Decoded as UTF-8, at most 1 MiB. */
  readonly body: string;
  readonly isTruncated: boolean;
  /** From the dialing to the end of the body, redirects included. */
  readonly tookMs: number;
  /** Why a redirect was not followed, where the answer is one. */
  readonly redirect?: string;
}

/** What one attempt saw. */
export type Probe =
  | Answer
  | { readonly kind: 'connected' }
  | { readonly kind: 'broken'; readonly phase: Phase; readonly problem: string };

/** Why an attempt does not count. */
export type MissKind =
  | 'unreachable'
  | 'status'
  | 'assertion'
  | 'latency'
  | 'commit'
  | 'challenge'
  | 'no-container'
  | 'unhealthy'
  | 'exec'
  | 'failed'
  | 'log';

export interface Miss {
  readonly ok: false;
  readonly kind: MissKind;
  readonly reason: string;
  readonly observedSha?: string;
  /** No later attempt can succeed. Everything else is "not yet" and tried again until the deadline. */
  readonly isFinal?: true;
}

export interface Success {
  readonly ok: true;
  readonly observedSha?: string;
  /** Which containers this was said of; others than before begin the streak anew. */
  readonly subjects?: string;
}

export type Verdict = Success | Miss;

/**
 * Does this attempt count as a success? Pure. A CDN's challenge page never does, whatever its status: the app was not asked.
 */
export function judge(probe: Probe, expectation: Expectation | undefined): Verdict {
  switch (probe.kind) {
    case 'broken':
      return { ok: false, kind: 'unreachable', reason: describeBreak(probe.phase, probe.problem) };
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

/** The first thing that is not as expected; the commit is read first of what the body says, because an old app explains the rest. */
function judgeAnswer(answer: Answer, expectation: Expectation): Verdict {
  const vendor = challengeVendor(answer);
  if (vendor !== undefined) {
    const reason = `a challenge page of ${vendor} answered (${answer.status}), not the app`;
    return { ok: false, kind: 'challenge', reason };
  }
  if (!isInStatusSet(expectation.status, answer.status)) {
    const seen = answer.redirect ?? quoteBody(answer.body);
    const reason = `status ${answer.status}, expected ${formatStatusSet(expectation.status)}${seen === '' ? '' : `: ${seen}`}`;
    return { ok: false, kind: 'status', reason };
  }
  const byCommit = expectation.commit === undefined ? { ok: true as const } : judgeCommit(answer, expectation.commit);
  if (!byCommit.ok) return byCommit;
  const problem =
    missedHeader(answer, expectation) ?? missedBody(answer, expectation) ?? missedJson(answer, expectation);
  const told = byCommit.observedSha === undefined ? {} : { observedSha: byCommit.observedSha };
  if (problem !== undefined) return { ok: false, kind: 'assertion', reason: problem, ...told };
  const limit = expectation.maxLatency;
  if (limit !== undefined && answer.tookMs > limit) {
    const reason = `answered in ${Math.round(answer.tookMs)}ms, expected within ${limit}ms`;
    return { ok: false, kind: 'latency', reason, ...told };
  }
  return byCommit;
}

function missedHeader(answer: Answer, { headers = [] }: Expectation): string | undefined {
  for (const assertion of headers) {
    const value = answer.headers[assertion.name];
    const problem =
      value === undefined
        ? assertion.isForbidden
          ? undefined
          : `the answer has no header \`${assertion.name}\``
        : missedText(value, assertion, `header \`${assertion.name}\``);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function missedBody(answer: Answer, { body = [] }: Expectation): string | undefined {
  for (const assertion of body) {
    const problem = missedText(answer.body, assertion, 'the body');
    if (problem !== undefined) return problem;
    // What must not be there cannot be ruled out of a body that was not read to its end.
    if (assertion.isForbidden && answer.isTruncated)
      return `the body is larger than 1 MiB, so /${assertion.pattern}/ was not searched to its end`;
  }
  return undefined;
}

function missedText(text: string, { pattern, isForbidden }: TextAssertion, what: string): string | undefined {
  const search = searchPattern(pattern, text);
  if (search === 'slow') return `${what}: /${pattern}/ was given up after ${searchLimitMs}ms`;
  if ((search === 'found') !== isForbidden) return undefined;
  return isForbidden
    ? `${what} matches /${pattern}/, which it must not`
    : `${what} does not match /${pattern}/: ${quoteBody(text)}`;
}

function missedJson(answer: Answer, { json = [] }: Expectation): string | undefined {
  if (json.length === 0) return undefined;
  if (answer.isTruncated) return 'the body is larger than 1 MiB, so its JSON was not read';
  const document = parseJson(answer.body);
  if (document === undefined) return `the body is not JSON: ${quoteBody(answer.body)}`;
  for (const assertion of json) {
    const problem = missedAssertion(document.value, assertion);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function judgeCommit(answer: Answer, commit: NonNullable<Expectation['commit']>): Verdict {
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
    return miss(`${where} is ${quoteText(JSON.stringify(value))}, not a commit of 7 or more hexadecimal digits`);
  }
  if (commit.isExact === true ? observed === commit.sha : isSameCommit(observed, commit.sha))
    return { ok: true, observedSha: observed };
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
  return body.trim() === '' ? 'empty body' : quoteText(body);
}
