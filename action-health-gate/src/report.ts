import { assertNever } from '@deploy-actions/kit/action/errors';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { vantageOf } from './check.ts';
import { GateError, type GateErrorCode } from './error.ts';
import type { GateOutcome } from './gate.ts';
import { describeLastHealthy, explainLastHealthy } from './last-healthy.ts';
import { isFailed, isGreen, percentile95, type Progress } from './progress.ts';
import type { MissKind } from './verdict.ts';

/** One entry of the output `failed-checks`. */
export interface FailedCheck {
  readonly name: string;
  readonly via: 'runner' | 'server';
  readonly reason: string;
  readonly tries: number;
  /** When its newest success was, ISO 8601, by the runner's clock; null when there was none. */
  readonly lastHealthy: string | null;
  /** It may be red (`allow-failure`): the gate does not depend on it. */
  readonly allowed: boolean;
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

/** The checks that were not green in the end; of a green gate, those that are allowed to fail. */
export function failedChecks(outcome: GateOutcome): readonly FailedCheck[] {
  return redChecks(outcome).map((progress) => ({
    name: progress.check.name,
    via: vantageOf(progress.check.target),
    reason: describeMiss(progress),
    tries: progress.tries,
    lastHealthy: progress.lastSuccess?.at.toISOString() ?? null,
    allowed: progress.check.isAllowedToFail,
  }));
}

function redChecks(outcome: GateOutcome): readonly Progress[] {
  return outcome.progress.filter((progress) => !isGreen(progress) || isFailed(progress));
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
  const red = redChecks(outcome).filter(({ check }) => !check.isAllowedToFail);
  // What ended the gate explains it; the others were only not green yet.
  const first = red.find(isFailed) ?? red[0];
  const kind = first?.last?.ok === false ? first.last.kind : outcome.logMatches.length > 0 ? 'log' : undefined;
  const { code, hint } = diagnose(kind);
  const changed =
    marked === undefined
      ? 'This step changed nothing: what was deployed still runs.'
      : `Release ${marked} still runs; it is marked as failed in the ledger, so no rollback will choose it.`;
  return new GateError({
    code,
    message: `health gate: not green after ${formatDuration(outcome.elapsedMs)}: ${describeCause(outcome, first, red.length)}. ${changed}`,
    hint,
    evidence: [
      ...red.flatMap((progress) => [
        `${progress.check.name}: ${describeMiss(progress)}; ${countTries(progress)}`,
        `  ${explainLastHealthy(progress)}`,
      ]),
      ...outcome.logMatches,
      ...evidence,
    ],
  });
}

function describeCause(outcome: GateOutcome, first: Progress | undefined, redCount: number): string {
  if (outcome.logMatches.length > 0) return `all checks were green, but ${outcome.logMatches[0] ?? ''}`;
  if (first === undefined) return 'all checks were green, but not for `stable-for`';
  const others = redCount > 1 ? ` (and ${redCount - 1} more)` : '';
  return `${first.check.name}${others} from the ${vantageOf(first.check.target)}, attempt ${first.tries}: ${describeMiss(first)} (${describeLastHealthy(first)})`;
}

/** The warning that stays visible on a run whose gate is green although a check that may fail did; undefined without one. */
export function allowedWarning(outcome: GateOutcome): string | undefined {
  const red = redChecks(outcome).filter(({ check }) => check.isAllowedToFail);
  if (outcome.result !== 'healthy' || red.length === 0) return undefined;
  const told = red.map((progress) => `${progress.check.name}: ${describeMiss(progress)}`).join('; ');
  return `health gate: green, without ${red.length === 1 ? 'a check that is' : 'checks that are'} allowed to fail: ${told}`;
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
    case 'failed':
      return {
        code: 'CONTAINER_FAILED',
        hint: 'Its last log lines are above. A restart that is no failure can be allowed with `max-restarts`.',
      };
    case 'log':
      return {
        code: 'LOG_MATCH',
        hint: 'Look at the log of that container; if the line is harmless, make the pattern of `log-scan` narrower.',
      };
    case 'unhealthy':
      return {
        code: 'HEALTH_TIMEOUT',
        hint: 'Docker’s own health check fails: look at its output above and at the log of the container.',
      };
    case 'latency':
      return {
        code: 'HEALTH_TIMEOUT',
        hint: 'The app answers as it should, but too slowly: look at its load, or raise `max-latency`.',
      };
    case 'assertion':
      return {
        code: 'HEALTH_TIMEOUT',
        hint: 'The app answers, but not as the check expects: is the assertion right, or what the app says there?',
      };
    case 'exec':
      return {
        code: 'HEALTH_TIMEOUT',
        hint: 'Run the command by hand on the server: `docker compose exec`, the service and the command.',
      };
    case 'unreachable':
    case 'status':
    case undefined:
      return {
        code: 'HEALTH_TIMEOUT',
        hint: 'Look at the logs of the app; if it needs longer to start, raise `deadline`.',
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
  return `${progress.tries} ${progress.tries === 1 ? 'try' : 'tries'}, ${progress.successes} good`;
}
