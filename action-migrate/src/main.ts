import { inputReader } from '@deploy-actions/kit/action/inputs';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { connectHost } from '@deploy-actions/kit/host/connect';
import type { Host } from '@deploy-actions/kit/host/host';
import { withLease } from '@deploy-actions/kit/state/lease-step';
import { currentOwner } from '@deploy-actions/kit/state/owner';
import { ensureStateFolder } from '@deploy-actions/kit/state/state-folder';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { auditMigration } from './audit.ts';
import { readyDependencies } from './dependency-start.ts';
import { settleEarlierRuns } from './earlier-run.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { runCommands } from './migration.ts';
import { isNothingPending } from './pending-check.ts';
import { prepareProject, registriesOf, type Project } from './project.ts';
import { reconnectingHost } from './reconnecting-host.ts';
import { openRecord } from './record.ts';
import { presetOutputs, report } from './report.ts';
import { hasApplied, type MigrationResult } from './result.ts';
import type { RunDoor } from './run-door.ts';
import { planRun } from './run-plan.ts';

/** Runs the commands once, in order, on the new image, before anything of it serves. */
export async function main(context: StepContext): Promise<void> {
  const { runner } = context;
  const inputs = loadInputs(inputReader(runner));
  presetOutputs(runner, inputs.isReversible);
  const host = await connect(context, inputs);
  try {
    const { deployPath } = inputs.settings;
    await ensureStateFolder(host, deployPath);
    await withLease(context, host, deployPath, inputs.lockWait, async () => {
      const project = await runner.group('Preflight', () =>
        prepareProject(host, inputs, context.signal, (line) => {
          runner.info(line);
        }),
      );
      const door = openDoor(context, host, inputs, project);
      const result = await migrate(context, door, inputs);
      await report(runner, door.plan, host.name, result);
      if (result.error !== undefined) throw result.error;
    });
  } finally {
    await host.close();
  }
}

async function connect({ runner, signal }: StepContext, inputs: Inputs): Promise<Host> {
  const dial = (): Promise<Host> => connectHost(inputs.target, runner, signal);
  const say = (message: string): void => {
    runner.info(message);
  };
  return reconnectingHost(await dial(), { connect: dial, clock: systemClock, signal, say });
}

function openDoor({ runner, signal }: StepContext, host: Host, inputs: Inputs, { model, image }: Project): RunDoor {
  const { settings, service, commands, pendingCheck, runTimeout } = inputs;
  const owner = currentOwner(runner);
  return {
    host,
    signal,
    settings,
    model,
    runTimeout,
    clock: systemClock,
    plan: planRun({
      service,
      image,
      commands,
      pendingCheck,
      owner,
      project: model.name,
      deployPath: settings.deployPath,
    }),
    say: (line) => {
      runner.info(line);
    },
    warn: (line) => {
      runner.warning(line);
    },
    group: (title, body) => runner.group(title, body),
  };
}

/** Settle what earlier runs left, ready the database, ask whether there is something to do, do it, record it. */
async function migrate(context: StepContext, door: RunDoor, inputs: Inputs): Promise<MigrationResult> {
  const { host, plan } = door;
  const record = await openRecord(host, inputs.settings.deployPath, {
    reversible: inputs.isReversible,
    runUrl: currentOwner(context.runner).runUrl,
    run: plan.runKey,
    images: inputs.pins,
  });
  const beginning = await settleEarlierRuns(door);
  if (beginning.containerName === undefined) {
    await door.group('Dependencies', () =>
      readyDependencies(door, {
        shouldStart: inputs.shouldStartDependencies,
        credentials: inputs.credentials,
        registries: registriesOf(plan.image, inputs.pins),
      }),
    );
    if (plan.pendingCheck !== undefined && (await isNothingPending(door, plan.pendingCheck))) {
      await record(false);
      return { status: 'nothing-pending', commands: [], durationMs: 0, error: undefined, tail: [] };
    }
  }
  // Before the first command: should contact be lost, the record errs on the side of "applied".
  await record(true);
  const result = await runCommands(door, beginning);
  if (result.status === 'unknown') return result;
  await record(hasApplied(result));
  await auditMigration(door, currentOwner(context.runner), result);
  return result;
}
