import type { OneOff } from './one-off.ts';
import type { RunPlan } from './run-plan.ts';

/** What earlier runs left on the server, sorted by what is to be done with it. */
export interface Leftovers {
  /** Another run's command goes on: nothing may start beside it. */
  readonly foreign: OneOff | undefined;
  /** This plan's own container of a run that lost its runner: its end is this step's result. */
  readonly own: OneOff | undefined;
  /** Ended or never started, and of no use any more: reported and removed. */
  readonly stale: readonly OneOff[];
}

/**
 * Sorts them. A running container of the same plan (project, service, image, commands) is taken over whoever started it.
 * An ended one counts only for a re-run of the same run: a later run that asks for the same commands wants them run.
 * Commands run one after the other and stop at a failure, so the highest number tells all: those before it ended well.
 */
export function sortLeftovers(found: readonly OneOff[], plan: RunPlan): Leftovers {
  const isOwn = (oneOff: OneOff): boolean =>
    oneOff.number > 0 &&
    oneOff.number <= plan.steps.length &&
    oneOff.planHash === plan.hash &&
    (oneOff.state === 'running' || (oneOff.state === 'ended' && oneOff.runKey === plan.runKey));
  const own = found
    .filter(isOwn)
    .sort((a, b) => a.number - b.number)
    .at(-1);
  const foreign = found.find((oneOff) => oneOff.state === 'running' && oneOff.number > 0 && !isOwn(oneOff));
  return { own, foreign, stale: found.filter((oneOff) => oneOff !== own && oneOff !== foreign && !isBusy(oneOff)) };
}

/** A pending check only reads, so it may be removed while it runs; a command may not. */
function isBusy(oneOff: OneOff): boolean {
  return oneOff.state === 'running' && oneOff.number > 0;
}
