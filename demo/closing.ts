import type { LoadReport } from '../lab/src/load/index.ts';
import { findStep, joinPhases, type Act, type Claim } from './claims.ts';
import { bold, dim, formatTable, green, red, say, sayAct, seconds } from './screen.ts';

const steps = ['verify', 'sync', 'migrate', 'rollout', 'gate', 'gate-containers', 'rollback', 'notify'] as const;

function actRow(act: Act, report: LoadReport): readonly string[] {
  const load = joinPhases(report, act.number);
  const rollout = findStep(act.job, 'rollout');
  return [
    String(act.number),
    act.sha.slice(0, 7),
    act.digest.slice(0, 19),
    rollout?.outputs['outcome'] ?? '',
    act.job.conclusion,
    seconds(act.durationMs),
    String(load.sent),
    String(load.failed),
    `${load.p50} / ${load.p99} / ${load.max}`,
  ];
}

function controlRow(control: LoadReport): readonly string[] {
  const worst = (
    pick: (latency: { readonly p50: number; readonly p99: number; readonly max: number }) => number,
  ): number => Math.max(...control.phases.map((phase) => pick(phase.latency)));
  const deploy = control.phases.find((phase) => phase.name === 'control deploy');
  return [
    'control',
    'up -d',
    '',
    '',
    '',
    seconds(deploy === undefined ? 0 : deploy.endMs - deploy.startMs),
    String(control.sent),
    String(control.failed),
    `${worst((latency) => latency.p50)} / ${worst((latency) => latency.p99)} / ${worst((latency) => latency.max)}`,
  ];
}

function stepRow(id: string, acts: readonly Act[]): readonly string[] {
  const cells = acts.map((act) => {
    const step = findStep(act.job, id);
    return step === undefined || step.outcome === 'skipped'
      ? '–'
      : `${seconds(step.durationMs)}${step.outcome === 'success' ? '' : ` ${step.outcome}`}`;
  });
  return [id, ...cells];
}

function sayFailures(name: string, report: LoadReport): void {
  const kinds = new Map<string, number>();
  for (const { kind, detail } of report.failures)
    kinds.set(`${kind} ${detail}`, (kinds.get(`${kind} ${detail}`) ?? 0) + 1);
  if (kinds.size > 0)
    say(dim(`  failures of ${name}: ${[...kinds].map(([kind, count]) => `${count} × ${kind}`).join(', ')}`));
}

/** What was deployed, what it cost, what the load saw. */
export function sayBill(acts: readonly Act[], report: LoadReport, control: LoadReport): void {
  sayAct('what was deployed, and what users noticed');
  const head = ['act', 'commit', 'digest', 'outcome', 'job', 'time', 'sent', 'failed', 'p50 / p99 / max ms'];
  say(formatTable([head, ...acts.map((act) => actRow(act, report)), controlRow(control)]));
  sayFailures('the three acts', report);
  sayFailures('the control', control);
  say(dim(`  the load's own lateness in sending: p99 ${report.sendLag.p99} ms, max ${report.sendLag.max} ms`));
  say();
  say(
    formatTable([
      ['time per step', ...acts.map((act) => `act ${act.number}`)],
      ...steps.map((id) => stepRow(id, acts)),
    ]),
  );
}

/** Every claim with what was observed. Returns whether all held. */
export function sayClaims(claims: readonly Claim[]): boolean {
  sayAct('claims');
  for (const { text, holds, observed } of claims)
    say(`  ${holds ? green('✔') : red('✘')} ${text} ${dim(`(${observed})`)}`);
  const broken = claims.filter((claim) => !claim.holds);
  say();
  say(
    broken.length === 0
      ? green(bold(`  every claim held (${claims.length})`))
      : red(bold(`  ${broken.length} of ${claims.length} claims did not hold`)),
  );
  return broken.length === 0;
}

/** The message that the team's channel got. */
export function sayNote(body: string | undefined): void {
  say();
  say(bold('  the message that the team got:'));
  if (body === undefined) {
    say(red('    none'));
    return;
  }
  for (const line of readNote(body)) say(dim(`    │ ${line}`));
}

/** The texts of a message's blocks, in order; of anything that is no JSON, its lines. */
export function readNote(body: string): readonly string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (typeof value === 'object' && value !== null)
      for (const [key, entry] of Object.entries(value)) {
        if (key === 'text' && typeof entry === 'string') texts.push(...entry.split('\n'));
        else collect(entry);
      }
  };
  try {
    collect(JSON.parse(body));
  } catch {
    return body.split('\n');
  }
  return texts.length === 0 ? body.split('\n') : texts;
}
