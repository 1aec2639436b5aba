import { findUnfinishedDeploy } from '@deploy-actions/kit/state/journal';
import { describeLease, type UnlockDecision } from '@deploy-actions/kit/state/lease';
import { freeLease, LeaseError, type HolderCheck } from '@deploy-actions/kit/state/lease-store';
import type { DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { leaseSeats } from '@deploy-actions/kit/state/lease-scope';
import { appendAudit } from '@deploy-actions/kit/state/release';
import type { Session } from './session.ts';

/** What `mode: unlock` did. */
export interface Unlocked {
  readonly outcome: 'unlocked' | 'noop';
  /** Sentences for the log and the summary. */
  readonly lines: readonly string[];
}

const whyWords: Readonly<Record<Extract<UnlockDecision, { kind: 'free' }>['why'], string>> = {
  expired: 'it had expired',
  frozen: 'a freeze by hand',
  own: 'it was this job’s own',
  'holder-gone': 'GitHub says that its run is over',
  forced: 'FORCED: its run may still go on, and stops when it notices',
};

/**
 * Frees the lease: a freeze and what is over, always; the lease of a run that may still go on only with `force`. What a
 * dead deploy left is settled by the next run, not here.
 * @throws LeaseError LOCKED
 */
export async function unlock(session: Session, isHolderGone: HolderCheck): Promise<Unlocked> {
  const { host, inputs } = session;
  const { deployPath } = inputs.settings;
  const lines: string[] = [];
  for (const { folder } of leaseSeats(inputs.leaseWish.scope, deployPath)) {
    const freed = await freeOne(session, folder, isHolderGone);
    if (freed !== undefined) lines.push(freed);
  }
  const unfinished = await findUnfinishedDeploy(host, deployPath);
  const left =
    unfinished === undefined
      ? []
      : [`Deploy ${unfinished.deployId} did not reach its end: the next run settles it before anything else.`];
  if (lines.length === 0) return { outcome: 'noop', lines: ['Nobody holds the lease.', ...left] };
  return { outcome: 'unlocked', lines: [...lines, ...left] };
}

/** Frees the lease in a folder; undefined where nobody holds it. */
async function freeOne(session: Session, folder: DeployPath, isHolderGone: HolderCheck): Promise<string | undefined> {
  const { host, inputs, owner, clock } = session;
  const { deployPath } = inputs.settings;
  const decision = await freeLease({ host, deployPath: folder, owner, isForced: inputs.isForced, isHolderGone });
  if (decision.kind === 'nothing') return undefined;
  if (decision.kind === 'refused')
    throw new LeaseError({
      code: 'LOCKED',
      message: `${host.name}:${folder} is held by ${describeLease(decision.by, decision.now)}; that run may still go on. It was left as it is.`,
      hint: 'Cancel that run: its post step lets go. Where that cannot be, give `force: true`.',
    });
  const { lease, why } = decision;
  await appendAudit(host, deployPath, {
    at: clock.date().toISOString(),
    what: 'unlocked',
    actor: owner.actor,
    runUrl: owner.runUrl,
    reason: inputs.reason ?? '',
    why,
    holder: lease.owner.actor,
    holderRunUrl: lease.owner.runUrl,
    holderReason: lease.reason ?? '',
  });
  const which = folder === deployPath ? 'The lease' : `The lease of the whole server (${folder})`;
  return `${which}, of ${describeLease(lease, decision.now)}, was freed: ${whyWords[why]}.`;
}
