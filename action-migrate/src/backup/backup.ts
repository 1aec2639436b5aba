import { createHash } from 'node:crypto';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { settingsHeader, type DatabaseClient } from '../database/client.ts';
import type { BackupWishes } from '../database/database-inputs.ts';
import type { DatabaseFacts } from '../database/engine.ts';
import type { RunDoor } from '../run-door.ts';
import { nameBackup, outdatedBackups, type Backup } from './backup-file.ts';
import { checkBackup, finishBackup, type BackupWork } from './backup-check.ts';
import { requireRoom } from './room.ts';
import { writeDump } from './dump.ts';

/**
 * Dumps the database beside the releases, proves the dump by reading all of it, and only then gives it its name.
 * @param kept paths of backups that retention must not remove
 * @throws MigrateError DISK_LOW, BACKUP_FAILED, BACKUP_CORRUPT: the database was not changed
 */
export async function makeBackup(
  door: RunDoor,
  client: DatabaseClient,
  facts: DatabaseFacts,
  wishes: BackupWishes,
  kept: readonly string[],
): Promise<Backup> {
  const start = door.clock.now();
  const { engine } = client;
  const folder = `${door.plan.deployPath}/.deploy/backups`;
  const extension = wishes.command === undefined ? engine.extension : 'backup';
  const { runKey, attempt } = door.plan;
  const name = nameBackup({ at: door.clock.date(), database: facts.name, runKey, attempt, extension });
  const work: BackupWork = {
    door,
    client,
    wishes,
    path: `${folder}/${name}`,
    partial: `${folder}/${name}.partial`,
    scratch: `deploy_check_${createHash('sha256').update(door.plan.deployPath).digest('hex').slice(0, 8)}`,
    header: settingsHeader(client.settings),
  };
  for (const caution of facts.cautions) door.warn(`Backup of ${client.label}: ${caution}.`);
  await requireRoom(work, folder, facts);
  await writeDump(work);
  const dumped = door.clock.now();
  door.say(`Dumped in ${formatDuration(dumped - start)}.`);
  const proof = await checkBackup(work);
  await finishBackup(work, proof);
  await prune(work, folder, kept);
  const durationMs = door.clock.now() - start;
  door.say(
    `Backup ${work.path}: ${proof.bytes} bytes, sha256 ${proof.sha256}, ${proof.check ?? 'NOT proved readable'}, ${formatDuration(durationMs)}.`,
  );
  return { ...proof, path: work.path, durationMs, database: facts.name, restoreCommand: restoreCommandOf(work, facts) };
}

function restoreCommandOf({ client, wishes, path, door }: BackupWork, facts: DatabaseFacts): string {
  if (wishes.command !== undefined) return '';
  const { containerName, remote } = client;
  const image = door.plan.image;
  return client.engine.restoreCommand({ containerName, path, name: facts.name, user: facts.user, remote, image });
}

/** A backup is safe before an older one goes. */
async function prune({ door, wishes, path }: BackupWork, folder: string, kept: readonly string[]): Promise<void> {
  const listed = await door.host.script('cd "$1" && ls -1', [folder]);
  const name = (file: string): string => file.slice(file.lastIndexOf('/') + 1);
  const keep = new Set([path, ...kept].map(name));
  const old = outdatedBackups(listed.stdout.split('\n'), wishes.keep, keep);
  if (old.length === 0) return;
  await door.host.script('cd "$1" || exit 1; shift; for n; do rm -f -- "$n" "$n.sha256"; done', [folder, ...old]);
  door.say(
    `Removed ${old.length} older ${old.length === 1 ? 'backup' : 'backups'}; the newest ${wishes.keep} are kept.`,
  );
}
