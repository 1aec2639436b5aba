import { formatDuration } from '@deploy-actions/kit/time/duration';
import type { Check } from './check.ts';
import type { Miss, Verdict } from './verdict.ts';

/** One attempt of a check, and when it ended. */
export interface Moment {
  /** From 1. */
  readonly attempt: number;
  /** Since the gate began. */
  readonly afterMs: number;
  /** By the runner's clock. */
  readonly at: Date;
}

/** What is known of one check so far. */
export interface Progress {
  readonly check: Check;
  readonly tries: number;
  readonly successes: number;
  /** Misses in a row, up to now. */
  readonly misses: number;
  /** Successes in a row, up to now. */
  readonly streak: number;
  readonly latenciesMs: readonly number[];
  readonly last: Verdict | undefined;
  /** The newest miss, kept after it is over: what a person asks for first. */
  readonly lastMiss: Miss | undefined;
  readonly observedSha: string | undefined;
  /** The newest success, kept after it is over. */
  readonly lastSuccess: (Moment & { readonly observedSha: string | undefined }) | undefined;
  /** The first miss after that success: what changed. */
  readonly turn: (Moment & { readonly reason: string }) | undefined;
  /** The containers that the last success was said of. */
  readonly subjects: string | undefined;
}

export function startProgress(check: Check): Progress {
  const nothing = { last: undefined, lastMiss: undefined, observedSha: undefined, subjects: undefined };
  const none = { lastSuccess: undefined, turn: undefined };
  return { check, tries: 0, successes: 0, misses: 0, streak: 0, latenciesMs: [], ...nothing, ...none };
}

/** The progress after one more attempt. A miss begins the streak anew, and so does a success of other containers than before. */
export function recordAttempt(
  progress: Progress,
  verdict: Verdict,
  { tookMs, afterMs, at }: Omit<Moment, 'attempt'> & { readonly tookMs: number },
): Progress {
  const moment: Moment = { attempt: progress.tries + 1, afterMs, at };
  const isContinued = verdict.ok && (progress.subjects === undefined || progress.subjects === verdict.subjects);
  return {
    check: progress.check,
    tries: progress.tries + 1,
    successes: progress.successes + (verdict.ok ? 1 : 0),
    misses: verdict.ok ? 0 : progress.misses + 1,
    streak: verdict.ok ? (isContinued ? progress.streak + 1 : 1) : 0,
    latenciesMs: [...progress.latenciesMs, tookMs],
    last: verdict,
    lastMiss: verdict.ok ? progress.lastMiss : verdict,
    observedSha: verdict.observedSha ?? progress.observedSha,
    lastSuccess: verdict.ok ? { ...moment, observedSha: verdict.observedSha } : progress.lastSuccess,
    turn: nextTurn(progress, verdict, moment),
    subjects: verdict.ok ? verdict.subjects : undefined,
  };
}

function nextTurn({ lastSuccess, turn }: Progress, verdict: Verdict, moment: Moment): Progress['turn'] {
  if (verdict.ok || lastSuccess === undefined) return undefined;
  return turn ?? { ...moment, reason: verdict.reason };
}

export function isGreen(progress: Progress): boolean {
  return progress.streak >= progress.check.pace.successThreshold;
}

const longestPauseMs = 30_000;

/** From the start of the last attempt to that of the next: the interval, longer with each miss in a row where that is asked for. */
export function pauseMs({ check, misses }: Progress): number {
  const { interval, backoff } = check.pace;
  if (misses < 2 || backoff === 1) return interval;
  return Math.max(interval, Math.min(longestPauseMs, interval * backoff ** Math.min(misses - 1, 50)));
}

/** No later attempt of this check can succeed. */
export function isFailed({ last }: Progress): boolean {
  return last?.ok === false && last.isFinal === true;
}

/** Whether the gate has nothing more to wait for: a check that is allowed to fail gets as many tries as it needs successes. */
export function isSettled(progress: Progress): boolean {
  const { check, tries } = progress;
  if (isGreen(progress)) return true;
  return check.isAllowedToFail && (isFailed(progress) || tries >= check.pace.successThreshold);
}

/** The 95th percentile by nearest rank, in whole milliseconds; undefined before the first attempt. */
export function percentile95(latenciesMs: readonly number[]): number | undefined {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const value = sorted[Math.ceil(sorted.length * 0.95) - 1];
  return value === undefined ? undefined : Math.round(value);
}

const mostNamed = 5;

/** One line for all checks; the same state gives the same line, so that only news is printed. */
export function describeProgress(all: readonly Progress[]): string {
  const green = all.filter(isGreen);
  if (all.length <= mostNamed || green.length === 0) return all.map(describeOne).join(' · ');
  // Of many checks, those that are good need no name.
  const others = all.filter((progress) => !isGreen(progress)).map(describeOne);
  return [`${green.length} of ${all.length} ok`, ...others].join(' · ');
}

function describeOne(progress: Progress): string {
  const { check, streak, last } = progress;
  if (last === undefined) return `${check.name}: not asked yet`;
  if (!last.ok) return `${check.name}: ${isFailed(progress) ? 'failed' : 'not yet'} (${shorten(last.reason)})`;
  const threshold = check.pace.successThreshold;
  return isGreen(progress) ? `${check.name}: ok` : `${check.name}: ok ${streak}/${threshold}`;
}

/** Beside other checks in one line; the whole reason is in the summary and in the error. */
function shorten(reason: string): string {
  const longest = 140;
  return reason.length > longest ? `${reason.slice(0, longest).replace(/[\uD800-\uDBFF]$/, '')}…` : reason;
}

/** Prints the line when it has changed, and otherwise every ten seconds, so that a long wait is seen to be alive. */
export function progressPrinter(print: (line: string) => void): (all: readonly Progress[], elapsedMs: number) => void {
  const heartbeatMs = 10_000;
  let shown = { line: '', atMs: 0 };
  return (all, elapsedMs) => {
    const line = describeProgress(all);
    if (line === shown.line && elapsedMs - shown.atMs < heartbeatMs) return;
    shown = { line, atMs: elapsedMs };
    print(`${formatDuration(elapsedMs).padStart(7)}  ${line}`);
  };
}
