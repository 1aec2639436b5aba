import {
  previousRelease,
  readLedger,
  writeRelease,
  type Ledger,
  type Release,
} from '@deploy-actions/kit/state/release';
import { stageReleaseFiles } from '@deploy-actions/kit/state/staged-tree';
import type { Intent } from './deploy.ts';
import { RolloutError } from './errors.ts';
import type { Session } from './session.ts';

/** Where an explicit rollback goes, and from where. */
export interface RollbackTarget {
  readonly from: Release;
  readonly to: Release;
}

/**
 * The release an explicit rollback goes to (I5 of docs/architecture.md). Undefined when `from-release` is not current any more: the
 * deploy has rolled itself back, or another one came after it.
 * @throws RolloutError NO_RELEASE
 */
export function findRollbackTarget(
  ledger: Ledger,
  to: 'previous' | number,
  fromRelease: number | undefined,
): RollbackTarget | undefined {
  const { current } = ledger;
  if (current === undefined) throw noRelease('no release is recorded on the server', ledger);
  if (fromRelease !== undefined && current.number !== fromRelease) return undefined;
  const target = to === 'previous' ? previousRelease(ledger) : ledger.releases.find(({ number }) => number === to);
  if (target === undefined)
    throw noRelease(
      to === 'previous'
        ? `no good release is older than ${current.number}`
        : `input \`to\`: release ${to} does not exist`,
      ledger,
    );
  if (target.result !== 'ok')
    throw noRelease(`input \`to\`: release ${target.number} did not succeed (${target.result})`, ledger);
  const crossed = ledger.releases.find(
    (r) => r.number > target.number && r.number <= current.number && r.migration?.reversible === false,
  );
  if (crossed === undefined) return { from: current, to: target };
  throw new RolloutError({
    code: 'NO_RELEASE',
    message: `release ${crossed.number} applied a migration that is recorded as irreversible; release ${target.number} does not know its schema. Nothing was changed.`,
    hint: 'Deploy a fixed version forward instead, or restore the backup first.',
  });
}

function noRelease(reason: string, ledger: Ledger): RolloutError {
  const known = ledger.releases.map(
    (release) => `${release.number} (${release.gateFailed === true ? 'gate failed' : release.result})`,
  );
  return new RolloutError({
    code: 'NO_RELEASE',
    message: `nothing to roll back to: ${reason}. Nothing was changed.`,
    hint: known.length === 0 ? 'Deploy once first.' : `Releases on the server: ${known.join(', ')}.`,
  });
}

/** What shall run after the rollback: the target's pins and files. */
export async function rollbackIntent(session: Session, target: RollbackTarget): Promise<Intent> {
  const { deployPath } = session.inputs.settings;
  const staged =
    target.to.filesRelease === target.from.filesRelease
      ? undefined
      : await stageReleaseFiles(session.host, deployPath, target.to.number);
  return { pins: target.to.pins, given: [], staged };
}

/** A release that was rolled back from is no rollback target later. */
export async function markRolledBack(session: Session, from: Release): Promise<void> {
  const { host, inputs } = session;
  const ledger = await readLedger(host, inputs.settings.deployPath);
  const record = ledger.releases.find(({ number }) => number === from.number);
  if (record !== undefined)
    await writeRelease(host, inputs.settings.deployPath, { ...record, gateFailed: true }, false);
}
