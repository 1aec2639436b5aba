import type { StepContext } from '@deploy-actions/kit/action/run';
import { checkDocker, type DockerVersions } from '@deploy-actions/kit/compose/docker-cli';
import { connectHost } from '@deploy-actions/kit/host/connect';
import { parseUnfinished, readJournalPart } from '@deploy-actions/kit/state/journal';
import { lookThenRelease, releaseLeaseInPost, withLease } from '@deploy-actions/kit/state/lease-step';
import { LeaseError } from '@deploy-actions/kit/state/lease-store';
import { currentOwner } from '@deploy-actions/kit/state/owner';
import { milliseconds } from '@deploy-actions/kit/time/duration';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { loadInputs } from './inputs.ts';
import { recoverUnfinished, type Settled } from './recovery.ts';
import { readServerState } from './server-state.ts';
import type { Session } from './session.ts';
import { describeSettled } from './summary.ts';

/**
 * The end of the job: settles a deploy of this job that was cancelled or lost its connection, then releases the lease.
 * Runs also after a cancel, when main had only ten seconds left.
 */
export async function settle(context: StepContext): Promise<void> {
  const { runner, signal } = context;
  if (runner.state('begun') !== 'true') {
    runner.info('The step ended before it touched the server; nothing to settle.');
    if (runner.state('lease') !== '' || runner.state('host-lease') !== '') await releaseLeaseInPost(context);
    return;
  }
  const inputs = loadInputs(runner);
  if (inputs.mode === 'plan') return;
  const host = await connectHost(inputs.target, runner, signal);
  try {
    const { deployPath } = inputs.settings;
    const log = (line: string): void => {
      runner.info(line);
    };
    const owner = currentOwner(runner);
    const docker = (): Promise<DockerVersions> => checkDocker(host);
    const session: Session = { runner, inputs, host, signal, log, owner, docker, clock: systemClock };
    await lookThenRelease(context, host, [readJournalPart(deployPath)], async ([journal]) => {
      if (parseUnfinished(journal?.stdout ?? '') === undefined) return true;
      const settled = await settleOwn(context, session);
      if (settled !== undefined)
        runner.warning(`The deploy of this job did not reach its end: ${describeSettled(settled)}. See the log above.`);
      return false;
    });
  } finally {
    await host.close();
  }
}

/** Undefined where another run holds the lease by now: what is unfinished is that run's own, or it has settled ours. */
async function settleOwn(context: StepContext, session: Session): Promise<Settled | undefined> {
  const now = { ...session.inputs.leaseWish, waitMs: milliseconds(0) };
  try {
    // Read again under the lease: another run may have settled it meanwhile.
    return await withLease(context, session.host, session.inputs.settings.deployPath, now, async () =>
      recoverUnfinished(session, await readServerState(session)),
    );
  } catch (thrown) {
    if (!(thrown instanceof LeaseError) || thrown.code !== 'LOCKED') throw thrown;
    session.runner.warning(`Another run deploys here by now and settles what it finds. ${thrown.message}`);
    return undefined;
  }
}
