import { createHash } from 'node:crypto';
import type { LeaseOwner } from '@deploy-actions/kit/state/lease';
import { oneOffLabels } from '@deploy-actions/kit/state/one-off';
import type { CommandLine } from './command-line.ts';

/** One container to run. Number 0 are those that only read (pending check, SQL to review), 1 … n the commands. */
export interface OneOffStep {
  readonly number: number;
  readonly command: CommandLine;
  readonly containerName: string;
}

/** What a migration will run: data only. */
export interface RunPlan {
  readonly project: string;
  /** Empty where SQL files run and no service is named. */
  readonly service: string;
  /** The reference that `service` runs; empty without one. */
  readonly image: string;
  readonly deployPath: string;
  /** SQL files run; there are no steps then. */
  readonly isSql: boolean;
  /** Names the run for its re-runs: the same in each attempt. */
  readonly runKey: string;
  readonly attempt: number;
  /** Equal where project, service, image and commands are: such a container does this plan's work. */
  readonly hash: string;
  readonly pendingCheck: OneOffStep | undefined;
  /** Commands that print SQL to review; they change nothing. */
  readonly lintCommands: readonly OneOffStep[];
  readonly steps: readonly OneOffStep[];
}

export interface PlanFacts {
  readonly project: string;
  readonly service: string;
  readonly image: string;
  readonly deployPath: string;
  readonly commands: readonly CommandLine[];
  readonly isSql: boolean;
  readonly pendingCheck: CommandLine | undefined;
  readonly lintCommands: readonly CommandLine[];
  readonly owner: Pick<LeaseOwner, 'id' | 'runId' | 'runAttempt'>;
}

/** The value of {@link oneOffLabels.kind} for this action. */
export const oneOffKind = 'migrate';

/** Decides names and identity of the one-offs. */
export function planRun(facts: PlanFacts): RunPlan {
  const { project, service, image, deployPath, owner } = facts;
  const runKey = nameRun(owner);
  const step = (number: number, command: CommandLine, suffix = String(number)): OneOffStep => ({
    number,
    command,
    containerName: `${project}-migrate-${runKey}-${owner.runAttempt}-${suffix}`,
  });
  return {
    project,
    service,
    image,
    deployPath,
    isSql: facts.isSql,
    runKey,
    attempt: owner.runAttempt,
    hash: hashPlan(facts),
    pendingCheck: facts.pendingCheck === undefined ? undefined : step(0, facts.pendingCheck),
    lintCommands: facts.lintCommands.map((command, index) => step(0, command, `lint${index + 1}`)),
    steps: facts.commands.map((command, index) => step(index + 1, command)),
  };
}

/** GitHub's run id; a rehearsal at a shell is named by that shell's process id, which ends the owner's id. */
function nameRun(owner: PlanFacts['owner']): string {
  if (owner.runId !== '') return owner.runId.replaceAll(/[^\w.-]/g, '-');
  return `local${/\d+$/.exec(owner.id)?.[0] ?? ''}`;
}

function hashPlan({ project, service, image, commands }: PlanFacts): string {
  const content = JSON.stringify([project, service, image, commands.map(({ argv }) => argv)]);
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}

/**
 * Arguments of `docker compose` that start a step's container: detached, so that it outlives the connection; no TTY, no
 * stdin; without dependencies, which are checked before; kept after its end, so that its result can be read.
 */
export function runArguments(plan: RunPlan, step: OneOffStep): readonly string[] {
  const labels = {
    [oneOffLabels.kind]: oneOffKind,
    [oneOffLabels.deployPath]: plan.deployPath,
    [oneOffLabels.run]: plan.runKey,
    [oneOffLabels.plan]: plan.hash,
    [oneOffLabels.number]: String(step.number),
  };
  return [
    ...['run', '--detach', '--no-TTY', '--interactive=false', '--no-deps', '--name', step.containerName],
    ...Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
    plan.service,
    ...step.command.argv,
  ];
}

/** How people read a step: its command, or whose command it is. */
export function describeStep(plan: RunPlan, step: OneOffStep): string {
  return step.command.text === '' ? `${plan.service}'s own command` : step.command.text;
}
