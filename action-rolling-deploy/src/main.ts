import { DeployError } from '@deploy-actions/kit/action/errors';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { connectHost } from '@deploy-actions/kit/host/connect';
import { withLease } from '@deploy-actions/kit/state/lease-step';
import { findRunningOneOffs } from '@deploy-actions/kit/state/one-off';
import { currentOwner } from '@deploy-actions/kit/state/owner';
import { mergePins } from '@deploy-actions/kit/state/pins';
import { readLedger } from '@deploy-actions/kit/state/release';
import { findStagedTree } from '@deploy-actions/kit/state/staged-tree';
import { ensureStateFolder } from '@deploy-actions/kit/state/state-folder';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { deploy, planned, prepare, type Intent, type Prepared } from './deploy.ts';
import { RolloutError } from './errors.ts';
import { loadInputs } from './inputs.ts';
import { publish } from './outputs.ts';
import { recoverUnfinished } from './recovery.ts';
import type { Report } from './report.ts';
import { findRollbackTarget, markRolledBack, rollbackIntent } from './rollback.ts';
import type { Session } from './session.ts';

/** inputs → lease → settle what died → plan → pull → roll → commit, or everything back → outputs. */
export async function run(context: StepContext): Promise<void> {
  const { runner, signal } = context;
  // Until the rollout begins, whatever ends the step has touched nothing; the report overwrites it.
  runner.output('outcome', 'refused');
  const inputs = loadInputs(runner);
  const host = await connectHost(inputs.target, runner, signal);
  try {
    const { deployPath } = inputs.settings;
    await ensureStateFolder(host, deployPath);
    runner.saveState('begun', 'true');
    const log = (line: string): void => {
      runner.info(line);
    };
    const session: Session = { runner, inputs, host, signal, log, owner: currentOwner(runner), clock: systemClock };
    if (inputs.mode === 'plan') {
      await publish(runner, await showPlan(session));
      return;
    }
    const report = await withLease(context, host, deployPath, inputs.lockWait, async () => {
      await refuseBesideOneOff(session);
      await recoverUnfinished(session);
      return inputs.mode === 'deploy' ? deployForward(session) : rollBack(session);
    });
    await publish(runner, report);
    if (report.failure !== undefined) throw outcomeError(report, report.failure);
  } finally {
    await host.close();
  }
}

/** A migration that outlived its job must end before the version that needs it starts. */
async function refuseBesideOneOff(session: Session): Promise<void> {
  const { host, inputs } = session;
  const running = await findRunningOneOffs(host, inputs.settings.deployPath);
  if (running.length === 0) return;
  throw new RolloutError({
    code: 'ONE_OFF_RUNNING',
    message: `${host.name}: ${running.join(', ')} of action-migrate still runs. Nothing was changed.`,
    hint: `Wait for its end (docker wait ${running[0] ?? ''} on the server), then run the job again.`,
  });
}

async function showPlan(session: Session): Promise<Report> {
  return planned(session, await prepareForward(session));
}

async function deployForward(session: Session): Promise<Report> {
  return deploy(session, await prepareForward(session));
}

/** What shall run after a deploy: the pins of now with this step's over them, and the files that sync-remote staged. */
async function prepareForward(session: Session): Promise<Prepared> {
  const { host, inputs } = session;
  const { deployPath } = inputs.settings;
  const ledger = await readLedger(host, deployPath);
  const intent: Intent = {
    pins: mergePins(ledger.current?.pins ?? [], inputs.pins),
    given: inputs.pins,
    staged: await findStagedTree(host, deployPath),
  };
  return prepare(session, ledger, intent);
}

async function rollBack(session: Session): Promise<Report> {
  const { host, inputs, log } = session;
  const ledger = await readLedger(host, inputs.settings.deployPath);
  const target = findRollbackTarget(ledger, inputs.to, inputs.fromRelease);
  if (target === undefined) {
    log(`release ${inputs.fromRelease ?? ''} is not the current one: nothing to roll back`);
    const intent: Intent = { pins: ledger.current?.pins ?? [], given: [], staged: undefined };
    const prepared = await prepare(session, ledger, intent);
    return { ...(await planned(session, prepared)), outcome: 'noop' };
  }
  log(`rolling back from release ${target.from.number} to what release ${target.to.number} ran`);
  const report = await deploy(session, await prepare(session, ledger, await rollbackIntent(session, target)));
  if (report.failure !== undefined) return report;
  await markRolledBack(session, target.from);
  return { ...report, outcome: 'rolled_back', nowServing: `What release ${target.to.number} ran serves again.` };
}

/** The failed step's message: what failed, and what serves now. */
function outcomeError(report: Report, failure: DeployError): DeployError {
  return new DeployError({
    code: failure.code,
    message: `${failure.message} Outcome: ${report.outcome}. ${report.nowServing}`,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    cause: failure,
  });
}
