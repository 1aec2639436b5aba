import type { Clock } from '@deploy-actions/kit/time/clock';
import type { Duration } from '@deploy-actions/kit/time/duration';
import type { Check } from './check.ts';
import { isFailed, isGreen, isSettled, pauseMs, recordAttempt, startProgress, type Progress } from './progress.ts';
import type { Verdict } from './verdict.ts';

export interface GateSettings {
  /** Covers everything: initial delay, attempts and the stable time. */
  readonly deadline: Duration;
  readonly initialDelay: Duration;
  /** How long all checks must stay green, with attempts going on, before the gate is. */
  readonly stableFor: Duration;
}

/** Makes one attempt. "Not yet" is a verdict; what it throws ends the gate. */
export type Attempt = (check: Check, timeoutMs: number, signal: AbortSignal) => Promise<Verdict>;

export interface GateDoors {
  readonly clock: Clock;
  readonly attempt: Attempt;
  readonly signal: AbortSignal;
  readonly onProgress: (all: readonly Progress[], elapsedMs: number) => void;
}

export interface GateOutcome {
  /** `unhealthy`: ended before the deadline, because no later attempt could succeed. */
  readonly result: 'healthy' | 'unhealthy' | 'timeout';
  readonly elapsedMs: number;
  /** In the order of the checks. */
  readonly progress: readonly Progress[];
  /** What a log scan found in the end, by container; then the result is `unhealthy`. */
  readonly logMatches: readonly string[];
}

interface State {
  /** Since when every check that must be green is. */
  greenSince: number | undefined;
  /** Whether that was long enough when one of them was asked last. */
  isStable: boolean;
  result: GateOutcome['result'];
}

/**
 * Asks all checks in parallel until every one of them is green at the same time, or until the deadline; what no later attempt
 * can make good ends it at once. A check that was green keeps being asked while others are not, and loses its streak at the
 * first miss. One that is allowed to fail is only waited for until it has had its fair tries.
 */
export async function runGate(
  checks: readonly Check[],
  settings: GateSettings,
  doors: GateDoors,
): Promise<GateOutcome> {
  const { clock, signal } = doors;
  const start = clock.now();
  const elapsed = (): number => clock.now() - start;
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const progress = checks.map(startProgress);
  const state: State = { greenSince: undefined, isStable: false, result: 'timeout' };

  const settle = (index: number, before: Progress, next: Progress): void => {
    progress[index] = next;
    doors.onProgress(progress, elapsed());
    const isBlocking = !next.check.isAllowedToFail;
    if (isBlocking && isFailed(next)) state.result = 'unhealthy';
    // The stable time begins anew with a streak, also where other containers answered and no attempt missed.
    const isBroken = isBlocking && isGreen(before) && next.streak <= before.streak;
    const now = elapsed();
    const since = nextGreenSince(progress, isBroken ? undefined : state.greenSince, now);
    state.greenSince = since;
    if (isBlocking) state.isStable = since !== undefined && now - since >= settings.stableFor;
    if (state.result === 'timeout' && state.isStable && progress.every(isSettled)) state.result = 'healthy';
    if (state.result !== 'timeout') over.abort();
  };
  const ask = async (check: Check, index: number): Promise<void> => {
    for (;;) {
      const began = elapsed();
      if (began >= settings.deadline) return;
      const timeoutMs = Math.min(check.pace.attemptTimeout, settings.deadline - began);
      const verdict = await doors.attempt(check, timeoutMs, stop);
      if (stop.aborted) return;
      const tookMs = elapsed() - began;
      const before = progress[index] ?? startProgress(check);
      // An attempt that the deadline cut short says nothing about the app; what was seen before it does.
      const isCut = elapsed() >= settings.deadline && timeoutMs < check.pace.attemptTimeout;
      if (isCut && before.tries > 0 && !verdict.ok && verdict.kind === 'unreachable') return;
      const next = recordAttempt(before, verdict, { tookMs, afterMs: elapsed(), at: clock.date() });
      settle(index, before, next);
      if (isFailed(next)) return;
      const left = Math.max(0, settings.deadline - elapsed());
      if (!(await sleepUntil(clock, Math.min(Math.max(0, pauseMs(next) - tookMs), left), stop))) return;
    }
  };

  if (!(await sleepUntil(clock, Math.min(settings.initialDelay, settings.deadline), stop))) signal.throwIfAborted();
  try {
    await Promise.all(checks.map(ask));
  } finally {
    // One check that throws ends the others too.
    over.abort();
  }
  signal.throwIfAborted();
  // At the deadline nobody waits for a check that is allowed to fail.
  const result = state.result === 'timeout' && state.isStable ? 'healthy' : state.result;
  return { result, elapsedMs: elapsed(), progress, logMatches: [] };
}

/** Since when every check that must be green is; what may fail has no say. */
function nextGreenSince(all: readonly Progress[], since: number | undefined, nowMs: number): number | undefined {
  return all.every((one) => one.check.isAllowedToFail || isGreen(one)) ? (since ?? nowMs) : undefined;
}

/** False when the wait was ended by the signal. */
async function sleepUntil(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    if (ms > 0) await clock.sleep(ms, signal);
    return !signal.aborted;
  } catch (thrown) {
    if (signal.aborted) return false;
    throw thrown;
  }
}
