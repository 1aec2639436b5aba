import { formatDuration } from '@deploy-actions/kit/time/duration';
import type { Progress } from './progress.ts';

/** For the message and for a table: `never healthy`, or how far into the gate the newest success came. Pure. */
export function describeLastHealthy({ lastSuccess }: Progress): string {
  return lastSuccess === undefined
    ? 'never healthy'
    : `last healthy ${formatDuration(lastSuccess.afterMs)} into the gate`;
}

/**
 * For the evidence: when a check was last healthy and what changed then, with the time of day, so that it can be found in the
 * app's log. Pure.
 */
export function explainLastHealthy(progress: Progress): string {
  const { lastSuccess, turn, last } = progress;
  if (lastSuccess === undefined) return 'never healthy while the gate looked';
  const { attempt, at, observedSha } = lastSuccess;
  const commit = observedSha === undefined ? '' : `, commit ${shortCommits(observedSha)}`;
  const told = `${describeLastHealthy(progress)} (attempt ${attempt}, ${timeOfDay(at)}${commit})`;
  if (turn === undefined) return told;
  const isSame = last?.ok === false && last.reason === turn.reason;
  return `${told}; since attempt ${turn.attempt} (${timeOfDay(turn.at)})${isSame ? ' as above' : `, which said: ${turn.reason}`}`;
}

/** Commits as people compare them: twelve digits. */
export function shortCommits(shas: string | undefined): string {
  return (shas ?? '')
    .split(',')
    .map((sha) => sha.slice(0, 12))
    .join(', ');
}

/** `10:00:05Z` */
function timeOfDay(at: Date): string {
  return `${at.toISOString().slice(11, 19)}Z`;
}
