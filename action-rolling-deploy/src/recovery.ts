import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { findUnfinishedDeploy, openJournal, type UnfinishedDeploy } from '@deploy-actions/kit/state/journal';
import { readLedger } from '@deploy-actions/kit/state/release';
import { finishCommit, type Commit } from './commit.ts';
import { newFootprint, type Footprint } from './rollout.ts';
import type { Session } from './session.ts';
import { takeWayBack } from './way-back.ts';

/** What a journal without an end asks for. Pure. */
export type Recovery =
  | { readonly kind: 'nothing-happened' }
  | { readonly kind: 'finish'; readonly commit: Commit }
  | {
      readonly kind: 'undo';
      readonly project: string;
      readonly footprint: Footprint;
      readonly activated: string | undefined;
      /** The service whose creation was announced last, and not recorded as done. */
      readonly pending: string | undefined;
    };

/** Reads the journal of a deploy that died: before the commit began it is undone, after that it is finished. */
export function planRecovery(unfinished: UnfinishedDeploy): Recovery {
  const commit = unfinished.lines.find(({ step }) => step === 'pins-staged')?.data['commit'];
  // Written by commitRelease as it is read here.
  if (commit !== undefined) return { kind: 'finish', commit: commit as Commit };
  const begin = unfinished.lines.find(({ step }) => step === 'begin');
  if (begin === undefined) return { kind: 'nothing-happened' };
  const footprint = newFootprint(texts(begin.data['before']));
  for (const { step, data } of unfinished.lines) {
    const service = text(data['service']);
    if (step === 'created') {
      const ids = texts(data['ids']);
      footprint.created.set(service, [...(footprint.created.get(service) ?? []), ...ids]);
      for (const id of ids) footprint.known.add(id);
    }
    if (step === 'unrouted') footprint.spent.add(text(data['id']));
  }
  const last = unfinished.lines.at(-1);
  const swapped = unfinished.lines.find(({ step }) => step === 'files-swapped');
  return {
    kind: 'undo',
    project: text(begin.data['project']),
    footprint,
    activated: swapped === undefined ? undefined : text(swapped.data['releaseId']),
    pending: last?.step === 'intent' ? text(last.data['service']) : undefined,
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);

/**
 * Settles a deploy whose runner died, lost the connection, or was cancelled. Returns whether there was one.
 * The lease is held by the caller.
 */
export async function recoverUnfinished(session: Session): Promise<boolean> {
  const { host, inputs, log } = session;
  const { deployPath } = inputs.settings;
  const unfinished = await findUnfinishedDeploy(host, deployPath);
  if (unfinished === undefined) return false;
  const journal = openJournal(host, deployPath, unfinished.deployId);
  const recovery = planRecovery(unfinished);
  log(`deploy ${unfinished.deployId} did not reach its end (last step: ${unfinished.lines.at(-1)?.step ?? 'none'})`);
  switch (recovery.kind) {
    case 'nothing-happened':
      await journal.append('recovered', { how: 'nothing had happened' });
      return false;
    case 'finish':
      log('it was committing: finishing that');
      await finishCommit(session, journal, recovery.commit);
      return true;
    case 'undo': {
      log('undoing it');
      const ledger = await readLedger(host, deployPath);
      await adoptPending(session, recovery);
      await takeWayBack(session, { ...recovery, journal, ledger });
      return true;
    }
  }
}

/**
 * A runner that died between Compose's creation and the journal line about it leaves a container that only its service
 * and its age tell: the journal ends in the `intent` for that service, and the intent lists what existed.
 */
async function adoptPending(session: Session, recovery: Extract<Recovery, { kind: 'undo' }>): Promise<void> {
  const { footprint, project, pending } = recovery;
  if (pending === undefined) return;
  const containers = await listProjectContainers(session.host, project);
  const unseen = containers.filter((c) => !c.isOneOff && c.service === pending && !footprint.known.has(c.id));
  for (const { id } of unseen) footprint.known.add(id);
  footprint.created.set(pending, [...(footprint.created.get(pending) ?? []), ...unseen.map(({ id }) => id)]);
}
