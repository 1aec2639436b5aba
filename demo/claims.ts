import type { LoadReport, PhaseReport } from '../lab/src/load/index.ts';
import type { JobResult, StepResult } from '../lab/src/runner/index.ts';

/** What the demo promises of the load: see the README. */
export const loadTerms = { rate: 120, leastRate: 100, post: 0.2, leastSeconds: 20 } as const;

/** Something the demo promises, and whether it held. */
export interface Claim {
  readonly text: string;
  readonly holds: boolean;
  /** What was observed. */
  readonly observed: string;
}

/** One act: a deploy, and the load around it. */
export interface Act {
  /** `1`, `2`, `3`: the load's phases of the act are `<number> before`, `<number> deploy`, `<number> after`. */
  readonly number: number;
  readonly title: string;
  readonly sha: string;
  readonly digest: string;
  readonly job: JobResult;
  readonly durationMs: number;
}

/** The load of one act, its phases joined. */
export interface ActLoad {
  readonly sent: number;
  readonly failed: number;
  readonly posts: number;
  readonly keptAlive: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers by git_sha. */
  readonly shas: Readonly<Record<string, number>>;
}

function sum(phases: readonly PhaseReport[], pick: (phase: PhaseReport) => number): number {
  return phases.reduce((total, phase) => total + pick(phase), 0);
}

function highest(phases: readonly PhaseReport[], pick: (phase: PhaseReport) => number): number {
  return Math.max(0, ...phases.map(pick));
}

/** Joins the phases of an act; percentiles are the worst of its phases. */
export function joinPhases(report: LoadReport, act: number): ActLoad {
  const phases = report.phases.filter((phase) => phase.name.startsWith(`${String(act)} `));
  const shas: Record<string, number> = {};
  for (const [sha, seen] of phases.flatMap((phase) => Object.entries(phase.shas)))
    shas[sha] = (shas[sha] ?? 0) + seen.count;
  return {
    sent: sum(phases, (phase) => phase.sent),
    failed: sum(phases, (phase) => phase.failed),
    posts: sum(phases, (phase) => phase.posts),
    keptAlive: sum(phases, (phase) => phase.keptAlive),
    seconds: sum(phases, (phase) => phase.endMs - phase.startMs) / 1_000,
    p50: highest(phases, (phase) => phase.latency.p50),
    p99: highest(phases, (phase) => phase.latency.p99),
    max: highest(phases, (phase) => phase.latency.max),
    shas,
  };
}

function claim(text: string, holds: boolean, observed: string): Claim {
  return { text, holds, observed };
}

export function findStep(job: JobResult, id: string): StepResult | undefined {
  return job.steps.find((step) => step.id === id);
}

function output(act: Act, id: string, name: string): string {
  return findStep(act.job, id)?.outputs[name] ?? '';
}

function claimLoad(act: Act, load: ActLoad): readonly Claim[] {
  const rate = load.seconds === 0 ? 0 : load.sent / load.seconds;
  const share = load.sent === 0 ? 0 : load.posts / load.sent;
  const isHonest =
    rate >= loadTerms.leastRate &&
    load.seconds >= loadTerms.leastSeconds &&
    Math.abs(share - loadTerms.post) < 0.02 &&
    load.keptAlive > 0 &&
    load.keptAlive < load.sent;
  return [
    claim(
      `act ${act.number}: no request failed`,
      load.sent > 0 && load.failed === 0,
      `${load.failed} of ${load.sent} failed`,
    ),
    claim(
      `act ${act.number}: the load was as promised`,
      isHonest,
      `${rate.toFixed(0)} requests/s for ${load.seconds.toFixed(0)} s, ${(share * 100).toFixed(0)} % POST, ${load.keptAlive} on kept connections`,
    ),
    claim(
      `act ${act.number}: every answer named its version`,
      load.shas['(none)'] === undefined,
      `${load.shas['(none)'] ?? 0} did not`,
    ),
  ];
}

function describeShas(load: ActLoad): string {
  const seen = Object.entries(load.shas).map(([sha, count]) => `${sha.slice(0, 7)} ${count} times`);
  return seen.length === 0 ? 'nobody answered' : seen.join(', ');
}

function claimGreen(act: Act, load: ActLoad): readonly Claim[] {
  const outcome = output(act, 'rollout', 'outcome');
  return [
    claim(
      `act ${act.number}: the job is green and says deployed`,
      act.job.conclusion === 'success' && outcome === 'deployed',
      `job ${act.job.conclusion}, outcome ${outcome}`,
    ),
    claim(
      `act ${act.number}: ${act.sha.slice(0, 7)} was seen by users`,
      (load.shas[act.sha] ?? 0) > 0,
      describeShas(load),
    ),
  ];
}

function claimRolledBack(act: Act, load: ActLoad, servingSha: string, note: string): readonly Claim[] {
  const outcome = output(act, 'rollout', 'outcome');
  const shas = Object.keys(load.shas);
  return [
    claim(
      `act ${act.number}: the job is red and says rolled_back`,
      act.job.conclusion === 'failure' && outcome === 'rolled_back',
      `job ${act.job.conclusion}, outcome ${outcome}, code ${output(act, 'rollout', 'error-code')}`,
    ),
    claim(
      `act ${act.number}: nobody ever saw ${act.sha.slice(0, 7)}; ${servingSha.slice(0, 7)} went on serving`,
      shas.length === 1 && shas[0] === servingSha,
      describeShas(load),
    ),
    claim(
      `act ${act.number}: the team was told of the rollback`,
      /rolled.?back/i.test(note),
      note === '' ? 'no message came' : 'the message says so',
    ),
  ];
}

/** What the demo observed, for judgement. */
export interface Observations {
  readonly acts: readonly [Act, Act, Act];
  readonly load: LoadReport;
  readonly control: LoadReport;
  /** The text of the message that act 3 sent. */
  readonly lastNote: string;
  /** Where a secret was found in clear; empty is good. */
  readonly leaks: readonly string[];
}

/** Every claim of the demo, in the order of its acts. Pure. */
export function judge({ acts, load, control, lastNote, leaks }: Observations): readonly Claim[] {
  const [first, second, third] = acts;
  const [one, two, three] = [joinPhases(load, 1), joinPhases(load, 2), joinPhases(load, 3)];
  const unknown = Object.keys(load.shas).filter((sha) => sha !== first.sha && sha !== second.sha);
  return [
    ...claimGreen(first, one),
    ...claimLoad(first, one),
    ...claimGreen(second, two),
    ...claimLoad(second, two),
    ...claimRolledBack(third, three, second.sha, lastNote),
    ...claimLoad(third, three),
    claim('no other version was ever seen', unknown.length === 0, unknown.length === 0 ? 'none' : unknown.join(', ')),
    claim(
      'no secret in any log, output, summary or message',
      leaks.length === 0,
      leaks.length === 0 ? 'none found' : leaks.join(', '),
    ),
    claim(
      'control: plain docker compose up -d loses requests under the same load',
      control.failed > 0,
      `${control.failed} of ${control.sent} failed`,
    ),
  ];
}
