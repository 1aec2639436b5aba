import { scriptOrThrow } from '@deploy-actions/kit/host/host';
import type { DatabaseFacts } from '../database/engine.ts';
import { MigrateError } from '../error.ts';
import type { BackupWork } from './backup-check.ts';
import { needsRoom } from './backup-file.ts';

/** $1 folder. What a killed run left half-written goes first; then the free bytes are printed. */
const roomScript = `
cd "$1" || exit 1
rm -f -- *.partial *.partial.sum
df -Pk . | tail -n 1 | { read -r _ _ _ free _; echo "$((free * 1024))"; }`;

/** @throws MigrateError DISK_LOW: nothing was written */
export async function requireRoom({ door, client }: BackupWork, folder: string, facts: DatabaseFacts): Promise<void> {
  const result = await scriptOrThrow(door.host, 'look at the free disk space', roomScript, [folder]);
  const needed = needsRoom(facts.bytes);
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MB`;
  const places = [
    { where: folder, free: Number(result.stdout.trim()) },
    ...(facts.freeForCheck === undefined
      ? []
      : [{ where: `the place in ${client.containerName} where it is tried out`, free: facts.freeForCheck }]),
  ];
  for (const { where, free } of places) {
    if (free >= needed) continue;
    throw new MigrateError({
      code: 'DISK_LOW',
      message: `${door.host.name}: ${where} has ${megabytes(free)} free, and the backup of ${client.label} may need ${megabytes(needed)}. No backup was made, and no command was run.`,
      hint: 'Make room (docker image prune, older files in .deploy/backups, a lower `backup-keep`), then run the job again.',
    });
  }
  door.say(`${client.label}: ${facts.version}, ${megabytes(facts.bytes)}; free: ${megabytes(places[0]?.free ?? 0)}.`);
}
