import { describeThrown } from '@deploy-actions/kit/action/errors';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { isToBeFinished, openJournal, type UnfinishedDeploy } from '@deploy-actions/kit/state/journal';
import { appendAudit } from '@deploy-actions/kit/state/release';
import { finishCommit, type Commit } from './commit.ts';
import { finishRollback } from './died-rollback.ts';
import { addCreated, addRenewal, addSpent, newFootprint, type Footprint } from './footprint.ts';
import type { ServerState } from './server-state.ts';
import type { Session } from './session.ts';
import { takeWayBack } from './way-back.ts';

/** What a journal without an end asks for. Pure. */
export type Recovery =
  | { readonly kind: 'nothing-happened' }
  | { readonly kind: 'finish'; readonly project: string; readonly commit: Commit }
  | ({ readonly kind: 'undo' } & Trace)
  /** An explicit rollback to what `release` ran: undoing it would bring the rejected release back. */
  | ({ readonly kind: 'finish-rollback'; readonly release: number; readonly confirmed: ReadonlySet<string> } & Trace);

/** What a deploy that died left. */
interface Trace {
  readonly project: string;
  readonly footprint: Footprint;
  readonly activated: string | undefined;
  /**
   * Services whose creation was announced, and not recorded as done: several where they rolled side by side. With the
   * hash that a container made for them is labelled with.
   */
  readonly pending: ReadonlyMap<string, string>;
}

/**
 * Reads the journal of a deploy that died: before the commit began it is undone, after that it is finished. An explicit
 * rollback that had begun to replace containers is finished in any case, unless it was being taken back.
 */
export function planRecovery(unfinished: UnfinishedDeploy): Recovery {
  const begin = unfinished.lines.find(({ step }) => step === 'begin');
  const commit = unfinished.lines.find(({ step }) => step === 'pins-staged')?.data['commit'];
  // Written by commitRelease as it is read here.
  if (commit !== undefined) return { kind: 'finish', project: text(begin?.data['project']), commit: commit as Commit };
  if (begin === undefined) return { kind: 'nothing-happened' };
  const footprint = newFootprint(texts(begin.data['before']));
  const pending = new Map<string, string>();
  const confirmed = new Set<string>();
  for (const { step, data } of unfinished.lines) {
    const service = text(data['service']);
    if (step === 'intent') pending.set(service, text(data['hash']));
    if (step === 'created') {
      addCreated(footprint, service, texts(data['ids']));
      pending.delete(service);
    }
    if (step === 'networks-renewed')
      addRenewal(footprint, { networks: texts(data['networks']), services: texts(data['services']) });
    // A container that got SIGTERM may still run when it is looked at: it is no way back either.
    if (step === 'unrouted' || step === 'stopping') {
      for (const id of footprint.created.get(service) ?? []) confirmed.add(id);
      addSpent(footprint, service, text(data['id']));
    }
  }
  const swapped = unfinished.lines.find(({ step }) => step === 'files-swapped');
  const activated = swapped === undefined ? undefined : text(swapped.data['releaseId']);
  const trace = { project: text(begin.data['project']), footprint, activated, pending };
  if (!isToBeFinished(unfinished)) return { kind: 'undo', ...trace };
  return { kind: 'finish-rollback', release: Number(begin.data['restores']), confirmed, ...trace };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);

/** A deploy of before that this run brought to its end. */
export interface Settled {
  readonly deployId: string;
  readonly how: 'undone' | 'finished';
  /** Number of the release that a rollback which is finished now brought back. */
  readonly restored?: number;
}

/**
 * Settles a deploy whose runner died, lost the connection, or was cancelled. The lease is held by the caller.
 * @returns what was settled; undefined where there was nothing to settle
 */
export async function recoverUnfinished(session: Session, state: ServerState): Promise<Settled | undefined> {
  const { host, inputs, log } = session;
  const { deployPath } = inputs.settings;
  const { unfinished, ledger } = state;
  if (unfinished === undefined) return undefined;
  const journal = openJournal(host, deployPath, unfinished.deployId);
  const recovery = planRecovery(unfinished);
  log(`deploy ${unfinished.deployId} did not reach its end (last step: ${unfinished.lines.at(-1)?.step ?? 'none'})`);
  switch (recovery.kind) {
    case 'nothing-happened':
      await journal.append('recovered', { how: 'nothing had happened' });
      return undefined;
    case 'finish':
      log('it was committing: finishing that');
      await finishCommit(session, journal, recovery.project, recovery.commit);
      return settledAs(unfinished, 'finished', recovery.commit.release.restores);
    case 'finish-rollback':
      log(`it was a rollback to what release ${recovery.release} ran: finishing it`);
      await adoptPending(session, recovery);
      await finishRollback(session, state, { ...recovery, journal });
      return settledAs(unfinished, 'finished', recovery.release);
    case 'undo': {
      log('undoing it');
      await adoptPending(session, recovery);
      await takeWayBack(session, { ...recovery, journal, ledger, cause: undefined });
      await appendAudit(host, deployPath, {
        at: session.clock.date().toISOString(),
        what: 'undid a deploy that died',
        deployId: unfinished.deployId,
        actor: session.owner.actor,
        runUrl: session.owner.runUrl,
      }).catch((thrown: unknown) => {
        log(`the audit log could not be written: ${describeThrown(thrown)}`);
      });
      return settledAs(unfinished, 'undone');
    }
  }
}

function settledAs({ deployId }: UnfinishedDeploy, how: Settled['how'], restored?: number): Settled {
  return { deployId, how, ...(restored === undefined ? {} : { restored }) };
}

/**
 * A runner that died between Compose's creation and the journal line about it leaves a container that only its service
 * and its configuration tell: the journal has the `intent` for that service, which lists what existed, and nothing after
 * it. What else appeared since the runner died is a person's, who healed what they found: it may be there, and is no
 * reason to stop.
 */
async function adoptPending(session: Session, recovery: Trace): Promise<void> {
  const { footprint, project, pending } = recovery;
  const containers = await listProjectContainers(session.host, project);
  const unseen = containers.filter(({ id, isOneOff }) => !isOneOff && !footprint.known.has(id));
  for (const [service, hash] of pending) {
    const made = unseen.filter((container) => container.service === service && container.configHash === hash);
    addCreated(
      footprint,
      service,
      made.map(({ id }) => id),
    );
  }
  for (const { id } of unseen) footprint.known.add(id);
}
