import { assertNever } from '@deploy-actions/kit/action/errors';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { vantageOf } from './check.ts';
import { GateError, type GateErrorCode } from './error.ts';
import type { GateOutcome } from './gate.ts';
import { isGreen, percentile95, type Progress } from './progress.ts';
import type { MissKind } from './verdict.ts';

/** One entry of the output `failed-checks`. */
export interface FailedCheck {
  readonly name: string;
  readonly via: 'runner' | 'server';
  readonly reason: string;
  readonly tries: number;
}

/** The outputs of a gate that ran to its end, as texts. */
export interface GateOutputs {
  readonly result: GateOutcome['result'];
  /** The commits that answered last, comma separated when they differ. */
  readonly observedSha: string;
  readonly attempts: string;
  readonly elapsedMs: string;
  readonly p95Ms: string;
  /** JSON list of {@link FailedCheck}. */
  readonly failedChecks: string;
}

export function failedChecks(outcome: GateOutcome): readonly FailedCheck[] {
  if (outcome.result === 'healthy') return [];
  return outcome.progress
    .filter((progress) => !isGreen(progress))
    .map((progress) => ({
      name: progress.check.name,
      via: vantageOf(progress.check.target),
      reason: describeMiss(progress),
      tries: progress.tries,
    }));
}

export function gateOutputs(outcome: GateOutcome): GateOutputs {
  const shas = outcome.progress.flatMap((progress) => progress.observedSha?.split(',') ?? []);
  const attempts = outcome.progress.reduce((sum, progress) => sum + progress.tries, 0);
  const latencies = outcome.progress.flatMap((progress) => progress.latenciesMs);
  return {
    result: outcome.result,
    observedSha: [...new Set(shas)].join(','),
    attempts: String(attempts),
    elapsedMs: String(Math.round(outcome.elapsedMs)),
    p95Ms: String(percentile95(latencies) ?? ''),
    failedChecks: JSON.stringify(failedChecks(outcome)),
  };
}

/** What the server was asked after a red gate. */
export interface Aftermath {
  /** The release that was marked in the ledger. */
  readonly marked: number | undefined;
  /** What the server knows about the red checks; lines for the log. */
  readonly evidence: readonly string[];
}

/** The error of a red gate: which check, what it saw last, and the next thing to do. */
export function gateError(outcome: GateOutcome, { marked, evidence }: Aftermath): GateError {
  const red = outcome.progress.filter((progress) => !isGreen(progress));
  const first = red[0];
  const kind = first?.last?.ok === false ? first.last.kind : undefined;
  const waited = formatDuration(outcome.elapsedMs);
  const others = red.length > 1 ? ` (and ${red.length - 1} more)` : '';
  const what =
    first === undefined
      ? 'all checks were green, but not for `stable-for`'
      : `${first.check.name}${others} from the ${vantageOf(first.check.target)}, attempt ${first.tries}: ${describeMiss(first)}`;
  const { code, hint } = diagnose(kind);
  const changed =
    marked === undefined
      ? 'This step changed nothing: what was deployed still runs.'
      : `Release ${marked} still runs; it is marked as failed in the ledger, so no rollback will choose it.`;
  return new GateError({
    code,
    message: `health gate: not green after ${waited}: ${what}. ${changed}`,
    hint,
    evidence: [
      ...red.map((progress) => `${progress.check.name}: ${describeMiss(progress)}; ${countTries(progress)}`),
      ...evidence,
    ],
  });
}

function diagnose(kind: MissKind | undefined): { readonly code: GateErrorCode; readonly hint: string } {
  switch (kind) {
    case 'commit':
      return {
        code: 'WRONG_COMMIT',
        hint: 'The app answers, but not from the expected commit: is an old container still behind this name, or was the image built from another commit?',
      };
    case 'challenge':
      return {
        code: 'CDN_CHALLENGE',
        hint: 'Ask past the CDN: `via: server`, or let the runner in with a service token given in `headers`.',
      };
    case 'no-container':
      return {
        code: 'NO_CONTAINER',
        hint: 'Look at `docker compose ps -a` and the logs of the service on the server.',
      };
    case 'unreachable':
      return {
        code: 'HEALTH_TIMEOUT',
        hint: 'Look at the logs of the app; if it needs longer to start, raise `deadline`.',
      };
    case 'status':
    case undefined:
      return {
        code: 'HEALTH_TIMEOUT',
        hint: 'Look at the logs of the app; the table in the job summary shows each check.',
      };
    default:
      return assertNever(kind);
  }
}

/** What a red check saw last. */
export function describeMiss(progress: Progress): string {
  if (progress.last === undefined) return 'no attempt ended before the deadline';
  if (!progress.last.ok) return progress.last.reason;
  const streak = `${progress.streak} of ${progress.check.pace.successThreshold} successes in a row`;
  return progress.lastMiss === undefined ? streak : `${streak}; before them: ${progress.lastMiss.reason}`;
}

function countTries(progress: Progress): string {
  return `${progress.tries} ${progress.tries === 1 ? 'try' : 'tries'}`;
}
