import { scriptOrThrow, type Host } from '@deploy-actions/kit/host/host';
import { statePath, type DeployPath } from '@deploy-actions/kit/state/deploy-path';
import type { RecordedAcknowledgement, RecordedMigration, RecordedPin } from '@deploy-actions/kit/state/release';
import type { RecordedBackup } from './result.ts';

/** `.deploy/migration.json`: what the rollout of the same job copies into its release record. */
export interface MigrationRecord extends RecordedMigration {
  readonly runUrl: string;
  /** The same in each attempt of a run. */
  readonly run: string;
  readonly images: readonly RecordedPin[];
  /** Something began and did not end well: it may have changed the database all the same. */
  readonly hasFailed?: boolean;
  /** The backup of this run, for an attempt that watches what the one before it began. */
  readonly backup?: RecordedBackup;
}

const writeScript = `
set -eu
umask 077
cat > "$1.new"; sync "$1.new" 2>/dev/null || sync
mv -f "$1.new" "$1"`;

/** What a run comes to, and what the review of its SQL found. */
export type RecordedOutcome = Pick<MigrationRecord, 'applied' | 'hasFailed' | 'backup'> &
  Partial<Pick<MigrationRecord, 'reversible' | 'acknowledged'>>;

/** The record on the server: what was there when it was opened, and the writer of this run's on top of it. */
export interface RecordBook {
  readonly found: MigrationRecord | undefined;
  write(outcome: RecordedOutcome): Promise<void>;
}

/** Reads what is there, once. A reader of the file sees the old record or the new one. */
export async function openRecord(
  host: Host,
  deployPath: DeployPath,
  facts: Omit<MigrationRecord, 'applied' | 'hasFailed' | 'backup'>,
): Promise<RecordBook> {
  const file = statePath(deployPath, 'migration.json');
  const result = await scriptOrThrow(host, 'read the migration record', 'cat "$1" 2>/dev/null || true', [file]);
  const found = parseRecord(result.stdout);
  return {
    found,
    write: async (outcome) => {
      const record = mergeRecord(addBackup({ ...facts, ...outcome }), found);
      await scriptOrThrow(host, 'write the migration record', writeScript, [file], {
        stdin: `${JSON.stringify(record)}\n`,
      });
    },
  };
}

function addBackup(record: MigrationRecord): MigrationRecord {
  const { backup } = record;
  return backup === undefined ? record : { ...record, backupPath: backup.path, backupSha256: backup.sha256 };
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
 * because the next run found nothing pending. The way back from all of it is its oldest backup.
 */
export function mergeRecord(next: MigrationRecord, found: MigrationRecord | undefined): MigrationRecord {
  if (found === undefined || !mayHaveChanged(found)) return next;
  const { backupPath, backupSha256 } = found;
  const ran = [...new Set([...(found.ran ?? []), ...(next.ran ?? [])])];
  const acknowledged = [...(found.acknowledged ?? []), ...(next.acknowledged ?? [])];
  const merged: MigrationRecord = {
    ...next,
    ...(acknowledged.length === 0 ? {} : { acknowledged: uniqueAcknowledgements(acknowledged) }),
    ...(ran.length === 0 ? {} : { ran }),
    ...(backupPath === undefined ? {} : { backupPath }),
    ...(backupSha256 === undefined ? {} : { backupSha256 }),
  };
  if (!found.applied) return { ...merged, hasFailed: true };
  return { ...merged, applied: true, reversible: found.reversible && (next.reversible || !next.applied) };
}

function uniqueAcknowledgements(lines: readonly RecordedAcknowledgement[]): readonly RecordedAcknowledgement[] {
  return [...new Map(lines.map((line) => [`${line.rule} ${line.object}`, line])).values()];
}

function mayHaveChanged(record: MigrationRecord): boolean {
  return record.applied || record.hasFailed === true;
}
