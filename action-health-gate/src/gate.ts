import type { Clock } from '@deploy-actions/kit/time/clock';
import type { Duration } from '@deploy-actions/kit/time/duration';
import type { Check } from './check.ts';
import { isGreen, recordAttempt, startProgress, type Progress } from './progress.ts';
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
  readonly result: 'healthy' | 'timeout';
  readonly elapsedMs: number;
  /** In the order of the checks. */
  readonly progress: readonly Progress[];
}

/**
 * Asks all checks in parallel until every one of them is green at the same time, or until the deadline. A check that was
 * green keeps being asked while others are not, and loses its streak at the first miss.
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
  const state: { greenSince: number | undefined; result: GateOutcome['result'] } = {
    greenSince: undefined,
    result: 'timeout',
  };

  const settle = (index: number, next: Progress): void => {
    progress[index] = next;
    doors.onProgress(progress, elapsed());
    state.greenSince = progress.every(isGreen) ? (state.greenSince ?? elapsed()) : undefined;
    if (state.greenSince === undefined || elapsed() - state.greenSince < settings.stableFor) return;
    state.result = 'healthy';
    over.abort();
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
      settle(index, recordAttempt(before, verdict, tookMs));
      const left = Math.max(0, settings.deadline - elapsed());
      if (!(await sleepUntil(clock, Math.min(Math.max(0, check.pace.interval - tookMs), left), stop))) return;
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
  return { result: state.result, elapsedMs: elapsed(), progress };
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
