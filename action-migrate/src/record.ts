import { scriptOrThrow, type Host } from '@deploy-actions/kit/host/host';
import { statePath, type DeployPath } from '@deploy-actions/kit/state/deploy-path';
import type { RecordedMigration, RecordedPin } from '@deploy-actions/kit/state/release';

/** `.deploy/migration.json`: what the rollout of the same job copies into its release record. */
export interface MigrationRecord extends RecordedMigration {
  readonly runUrl: string;
  /** The same in each attempt of a run. */
  readonly run: string;
  readonly images: readonly RecordedPin[];
}

const writeScript = `
set -eu
umask 077
cat > "$1.new"; sync "$1.new" 2>/dev/null || sync
mv -f "$1.new" "$1"`;

/**
 * Reads what is there, once, and returns the writer of this run's record on top of it. A reader of the file sees the old
 * record or the new one.
 */
export async function openRecord(
  host: Host,
  deployPath: DeployPath,
  facts: Omit<MigrationRecord, 'applied'>,
): Promise<(applied: boolean) => Promise<void>> {
  const file = statePath(deployPath, 'migration.json');
  const result = await scriptOrThrow(host, 'read the migration record', 'cat "$1" 2>/dev/null || true', [file]);
  const found = parseRecord(result.stdout);
  return async (applied) => {
    const record = mergeRecord({ ...facts, applied }, found);
    await scriptOrThrow(host, 'write the migration record', writeScript, [file], {
      stdin: `${JSON.stringify(record)}\n`,
    });
  };
}

/** Pure part of {@link openRecord}. */
export function parseRecord(text: string): MigrationRecord | undefined {
  try {
    // Our own file, written by openRecord only; the check below catches any other.
    const record = JSON.parse(text) as Partial<MigrationRecord>;
    const isRecord = typeof record.applied === 'boolean' && typeof record.reversible === 'boolean';
    return isRecord ? (record as MigrationRecord) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What to record on top of what is there. The rollout removes the record when it commits a release, so one that is there
 * tells of a migration that no release stands for yet (its rollout failed, or its runner died): it must not be forgotten
 * because the next run found nothing pending.
 */
export function mergeRecord(next: MigrationRecord, found: MigrationRecord | undefined): MigrationRecord {
  if (found?.applied !== true) return next;
  return { ...next, applied: true, reversible: found.reversible && (next.reversible || !next.applied) };
}
