import type { Clock } from '@deploy-actions/kit/time/clock';

/** Milliseconds of each phase, in order; a mark ends the phase of its name. */
export interface Timings {
  readonly startedAt: Date;
  mark(phase: string): void;
  /** All phases and `total`. */
  all(): Readonly<Record<string, number>>;
}

/** Starts measuring. */
export function startTimings(clock: Clock): Timings {
  const start = clock.now();
  const phases: Record<string, number> = {};
  let last = start;
  return {
    startedAt: clock.date(),
    mark: (phase) => {
      const now = clock.now();
      phases[phase] = Math.round(now - last);
      last = now;
    },
    all: () => ({ ...phases, total: Math.round(clock.now() - start) }),
  };
}
