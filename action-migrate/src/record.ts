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

const fileOf = (deployPath: DeployPath): string => statePath(deployPath, 'migration.json');

/** Replaces the record; a reader sees the old one or the new one. */
export async function writeRecord(host: Host, deployPath: DeployPath, record: MigrationRecord): Promise<void> {
  await scriptOrThrow(host, 'write the migration record', writeScript, [fileOf(deployPath)], {
    stdin: `${JSON.stringify(record)}\n`,
  });
}

/** The record that is there; undefined when there is none, or none that can be read. */
export async function readRecord(host: Host, deployPath: DeployPath): Promise<MigrationRecord | undefined> {
  const result = await scriptOrThrow(host, 'read the migration record', 'cat "$1" 2>/dev/null || true', [
    fileOf(deployPath),
  ]);
  return parseRecord(result.stdout);
}

/** Pure part of {@link readRecord}. */
export function parseRecord(text: string): MigrationRecord | undefined {
  try {
    // Our own file, written by writeRecord only; the check below catches any other.
    const record = JSON.parse(text) as Partial<MigrationRecord>;
    const isRecord = typeof record.applied === 'boolean' && typeof record.reversible === 'boolean';
    return isRecord ? (record as MigrationRecord) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What to record when nothing was pending. An earlier attempt of the same run may have applied the migration of these
 * images: then this release still stands for it, and the rollback guard must know.
 */
export function keepApplied(next: MigrationRecord, found: MigrationRecord | undefined): MigrationRecord {
  const isSame = found?.run === next.run && JSON.stringify(found.images) === JSON.stringify(next.images);
  return isSame && found.applied ? { ...next, applied: true, reversible: next.reversible && found.reversible } : next;
}
