import { commitPins, type EnvBlock } from '@deploy-actions/kit/state/pins';
import type { Journal } from '@deploy-actions/kit/state/journal';
import { statePath } from '@deploy-actions/kit/state/deploy-path';
import { appendAudit, writeRelease, type RecordedMigration, type Release } from '@deploy-actions/kit/state/release';
import { finishActivation } from '@deploy-actions/kit/state/staged-tree';
import type { Session } from './session.ts';

/** Everything the commit writes, as data: it stands in the journal first, so that any later run can finish it. */
export interface Commit {
  readonly release: Release;
  readonly block: EnvBlock;
  readonly activated: string | undefined;
}

/** Pins, record, pointer, file archive: in this order, each idempotent (I2 of docs/architecture.md: pins change last). */
export async function commitRelease(session: Session, journal: Journal, commit: Commit): Promise<void> {
  await journal.append('pins-staged', { commit });
  await finishCommit(session, journal, commit);
}

/** The part after the journal line; also run by the recovery of a deploy that died in it. */
export async function finishCommit(session: Session, journal: Journal, commit: Commit): Promise<void> {
  const { host, inputs, owner } = session;
  const { deployPath } = inputs.settings;
  await commitPins(host, deployPath, commit.block);
  await writeRelease(host, deployPath, commit.release, true);
  // Also where nothing was staged: a rollback to this release needs the files that were live with it.
  await finishActivation(host, deployPath, commit.activated ?? '', commit.release.number, inputs.retain);
  await host.exec(['rm', '-f', statePath(deployPath, 'migration.json')]);
  await journal.append('committed', { release: commit.release.number });
  await appendAudit(host, deployPath, {
    at: commit.release.finishedAt,
    what: 'deployed',
    release: commit.release.number,
    actor: owner.actor,
    runUrl: owner.runUrl,
    commit: owner.commit,
  });
}

/** What action-migrate left for this release, if it ran. */
export async function readMigration(session: Session): Promise<RecordedMigration | undefined> {
  const file = statePath(session.inputs.settings.deployPath, 'migration.json');
  const result = await session.host.exec(['cat', file]);
  if (result.code !== 0) return undefined;
  try {
    const record = JSON.parse(result.stdout) as Partial<RecordedMigration>;
    return { applied: record.applied === true, reversible: record.reversible !== false };
  } catch {
    session.log('the migration record on the server is not readable; the release is recorded without it');
    return undefined;
  }
}
