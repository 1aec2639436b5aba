import { credentialsFor } from '@deploy-actions/kit/compose/registry-login';
import { makeBackup } from './backup/backup.ts';
import type { DatabaseClient } from './database/client.ts';
import { readFacts } from './database/facts.ts';
import { hasNoContainer, openClient } from './database/open-client.ts';
import type { Inputs } from './inputs.ts';
import { registriesOf } from './project.ts';
import type { RecordBook } from './record.ts';
import type { RecordedBackup } from './result.ts';
import type { RunDoor } from './run-door.ts';

/**
 * Runs `body` with a client of the database that was asked once and answered; with undefined where none is needed.
 * @throws MigrateError DB_UNHEALTHY, CLIENT_TOO_OLD
 */
export async function withDatabase<T>(
  door: RunDoor,
  inputs: Inputs,
  body: (client: DatabaseClient | undefined) => Promise<T>,
): Promise<T> {
  const { database } = inputs;
  if (database === undefined || (inputs.backup === undefined && inputs.sqlFiles.length === 0)) return body(undefined);
  if (database.kind === 'file' && (await hasNoContainer(door, database.service))) {
    door.warn(`Service ${database.service} has no container yet, so there is no ${database.file} to back up.`);
    return body(undefined);
  }
  const registries = registriesOf(door.plan.image, inputs.pins);
  const client = await openClient(door, database, (registry) =>
    credentialsFor(registry, inputs.credentials, registries),
  );
  try {
    return await body(client);
  } finally {
    await client.close();
  }
}

/**
 * The proved backup of now, or undefined where the user wants none.
 * @throws MigrateError DISK_LOW, BACKUP_FAILED, BACKUP_CORRUPT: no command was run
 */
export async function backUp(
  door: RunDoor,
  inputs: Inputs,
  client: DatabaseClient | undefined,
  book: RecordBook,
): Promise<RecordedBackup | undefined> {
  const { backup: wishes, database } = inputs;
  if (client === undefined || wishes === undefined) {
    if (database !== undefined && wishes === undefined) door.warn('No backup is made: `backup: off`.');
    return undefined;
  }
  return door.group('Backup', async () => {
    const facts = await readFacts(client);
    const wayBack = book.found?.backupPath;
    return makeBackup(door, client, facts, wishes, wayBack === undefined ? [] : [wayBack]);
  });
}
