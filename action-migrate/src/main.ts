import { join } from 'node:path';
import { inputReader } from '@deploy-actions/kit/action/inputs';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { maskSecret } from '@deploy-actions/kit/action/secrets';
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
import { requireLease } from './lease-check.ts';
import { runCommands, type Beginning } from './migration.ts';
import { isNothingPending } from './pending-check.ts';
import { backUp, withDatabase } from './preparation.ts';
import { prepareProject, registriesOf, type Project } from './project.ts';
import { reconnectingHost } from './reconnecting-host.ts';
import { openRecord } from './record.ts';
import { act, sayOnly, type ActRun } from './recorded-run.ts';
import { nameFailure, type Progress } from './refusal.ts';
import { presetOutputs, report, reportRefusal } from './report.ts';
import { skippedOf, type MigrationResult } from './result.ts';
import type { RunDoor } from './run-door.ts';
import { describeStep, planRun } from './run-plan.ts';
import {
  recordReview,
  refuseUnsafe,
  reportReview,
  reviewWorkspace,
  type ReviewFacts,
  type Reviewed,
} from './review/review-step.ts';
import { reviewCommands } from './review/sql-output.ts';
import { readSqlFiles, toReview, type SqlFile } from './sql/sql-file.ts';
import { applyFiles, isAllApplied } from './sql/sql-run.ts';
import { openSession } from './sql/sql-session.ts';

/** Runs the commands once, in order, on the new image, before anything of it serves. */
export async function main(context: StepContext): Promise<void> {
  presetOutputs(context.runner);
  const progress: Progress = { stage: 'local' };
  try {
    await runOnce(context, progress);
  } catch (thrown) {
    const failure = nameFailure(thrown, context.signal, progress);
    await reportRefusal(context.runner, progress, failure);
    throw failure;
  }
}

/** @param progress kept up to date: what to say when something fails without a result */
async function runOnce(context: StepContext, progress: Progress): Promise<void> {
  const { runner } = context;
  const inputs = loadInputs(inputReader(runner));
  runner.output('reversible', String(inputs.reversible !== 'false'));
  if (inputs.database?.kind === 'url')
    for (const secret of inputs.database.connection.secrets) maskSecret(runner, secret);
  const files = readSqlFiles(inputs.sqlFiles, runner.env('GITHUB_WORKSPACE') ?? '.');
  const reviewer = {
    runner,
    wishes: inputs.review,
    reversible: inputs.reversible,
    worker: { script: join(__dirname, 'sql-review', 'index.js') },
  };
  const review = await reviewWorkspace(reviewer, files.map(toReview));
  reportReview(reviewer, review);
  refuseUnsafe(review, 'Nothing was changed: the server was not contacted.');
  progress.stage = 'preparing';
  const host = await connect(context, inputs);
  try {
    const { deployPath } = inputs.settings;
    await ensureStateFolder(host, deployPath);
    await withLease(context, host, deployPath, inputs.leaseWish, async (_lease, signal) => {
      try {
        const job = { runner, signal };
        const project = await runner.group('Preflight', () =>
          prepareProject(host, inputs, signal, (line) => {
            runner.info(line);
          }),
        );
        const door = openDoor(job, host, inputs, project);
        const result = await migrate(job, door, inputs, files, { ...reviewer, review }, progress);
        progress.stage = 'reported';
        await report(runner, door.plan, host.name, result);
        if (result.error !== undefined) throw result.error;
      } catch (thrown) {
        throw nameFailure(thrown, signal, progress);
      }
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
    requireLease: () => requireLease({ host, deployPath: settings.deployPath }, owner.id),
    clock: systemClock,
    plan: planRun({
      service,
      image,
      commands,
      isSql: inputs.sqlFiles.length > 0,
      pendingCheck,
      lintCommands: inputs.review.lint === 'off' ? [] : inputs.review.commands,
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

/** Settle what earlier runs left, ready the database, ask whether there is something to do, back up, do it, record it. */
async function migrate(
  context: StepContext,
  door: RunDoor,
  inputs: Inputs,
  files: readonly SqlFile[],
  reviewed: Reviewed,
  progress: Progress,
): Promise<MigrationResult> {
  const { host, plan } = door;
  const book = await openRecord(host, inputs.settings.deployPath, {
    ...recordReview(inputs.reversible, reviewed.review),
    runUrl: currentOwner(context.runner).runUrl,
    run: plan.runKey,
    images: inputs.pins,
    ran: plan.isSql ? files.map(({ path }) => path) : plan.steps.map((step) => describeStep(plan, step)),
    ...(plan.image === '' ? {} : { image: plan.image }),
  });
  const beginning = await settleEarlierRuns(door);
  const result = await prepareAndRun({ door, inputs, book, beginning, files, reviewed, progress });
  if (result.status !== 'unknown' && result.commands.length > 0)
    await sayOnly(door, 'The audit log lacks this migration', () =>
      auditMigration(door, currentOwner(context.runner), result),
    );
  return result;
}

interface Run extends ActRun {
  readonly inputs: Inputs;
  readonly beginning: Beginning;
  readonly files: readonly SqlFile[];
  readonly reviewed: Reviewed;
}

async function prepareAndRun(run: Run): Promise<MigrationResult> {
  const { door, inputs, book, beginning, files, reviewed } = run;
  if (beginning.containerName !== undefined) {
    // The attempt before this one made the backup; its command is in the middle of what the backup is against.
    const backup = book.found?.run === door.plan.runKey ? book.found.backup : undefined;
    return act(run, undefined, backup, () => runCommands(door, beginning));
  }
  const { plan } = door;
  await door.group('Dependencies', () =>
    readyDependencies(door, {
      shouldStart: inputs.shouldStartDependencies,
      credentials: inputs.credentials,
      registries: registriesOf(plan.image, inputs.pins),
      database: inputs.database?.kind === 'service' ? inputs.database.service : undefined,
    }),
  );
  if (plan.pendingCheck !== undefined && (await isNothingPending(door, plan.pendingCheck))) {
    await book.write({ applied: false });
    return { status: 'nothing-pending', commands: [], durationMs: 0, error: undefined, tail: [] };
  }
  const review = await reviewCommands(door, reviewed);
  const facts = (skipped: readonly string[]): ReviewFacts => recordReview(inputs.reversible, review, skipped);
  return withDatabase(door, inputs, async (client) => {
    if (!plan.isSql || client === undefined) {
      const backup = await backUp(door, inputs, client, book);
      return act(run, facts, backup, () => runCommands(door, beginning));
    }
    const work = { door, files, session: openSession(door, client), limits: inputs.sqlLimits };
    const backup = (await isAllApplied(work)) ? undefined : await backUp(door, inputs, client, book);
    const result = await act(run, facts, backup, () => applyFiles(work));
    reportReview(reviewed, review, skippedOf(result));
    return result;
  });
}
