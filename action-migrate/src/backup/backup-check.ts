import { HostError, lastLines, scriptOrThrow, type ExecResult } from '@deploy-actions/kit/host/host';
import type { DatabaseClient } from '../database/client.ts';
import type { BackupWishes } from '../database/database-inputs.ts';
import { MigrateError } from '../error.ts';
import type { RunDoor } from '../run-door.ts';
import type { Backup } from './backup-file.ts';
import { removePartial } from './dump.ts';

/** One backup in the making. */
export interface BackupWork {
  readonly door: RunDoor;
  readonly client: DatabaseClient;
  readonly wishes: BackupWishes;
  readonly path: string;
  readonly partial: string;
  /** Name of a database that may be made and dropped. */
  readonly scratch: string;
  /** Stands before the payload in the standard input of the engine's scripts. */
  readonly header: string;
}

export type Proof = Pick<Backup, 'bytes' | 'sha256' | 'check'>;

/**
 * $1 file, $2 a line that must be its last one's beginning (or empty), then the command that reads all of it; stdin: what
 * the command gets before the file. The sum is made beside it, from the same pages of memory. Exit 81: empty; 82: cut off;
 * 83: the command did not like it.
 */
const checkScript = `
umask 077
file=$1 trailer=$2; shift 2
[ -s "$file" ] || { echo 'the file is empty' >&2; exit 81; }
if [ -n "$trailer" ]; then
  last=$(tail -n 1 "$file")
  case $last in "$trailer"*) ;; *) echo 'its last line is missing: it was cut off' >&2; exit 82 ;; esac
fi
sha256sum < "$file" > "$file.sum" & sum=$!
if [ $# -gt 0 ]; then { cat; cat "$file"; } | "$@" || { echo "exit code $?" >&2; wait; exit 83; }; fi
wait "$sum" || { echo 'it could not be summed up' >&2; exit 84; }
read -r hex _ < "$file.sum"
printf '%s %s\\n' "$hex" "$(wc -c < "$file")"`;

/** mysqldump writes it last, when everything before it was written. */
const mysqlTrailer = '-- Dump completed';

/**
 * Reads the whole backup as a restore would.
 * @throws MigrateError BACKUP_CORRUPT; the file is removed
 */
export async function checkBackup(work: BackupWork): Promise<Proof> {
  const { door, client, wishes, partial, scratch } = work;
  const { engine } = client;
  const exec = ['docker', 'exec', '-i', client.container];
  const isOwn = wishes.command === undefined;
  const reader = isOwn
    ? [...exec, 'sh', '-c', engine.checkScript, 'sh', ...client.args, scratch]
    : wishes.check === undefined
      ? []
      : [...exec, ...wishes.check.argv];
  const trailer = isOwn && engine.kind === 'mysql' ? mysqlTrailer : '';
  const options = { stdin: isOwn ? work.header : '', timeoutMs: wishes.timeout, signal: door.signal };
  const result = await run(work, [partial, trailer, ...reader], options);
  const [, sha256 = '', bytes = ''] = /([0-9a-f]{64}) (\d+)\s*$/.exec(result.stdout) ?? [];
  if (result.code !== 0 || sha256 === '') {
    await removePartial(work);
    throw corrupt(work, result);
  }
  const check = isOwn ? engine.checkTitle : wishes.check === undefined ? undefined : `read by ${wishes.check.text}`;
  if (check === undefined)
    door.warn('Nothing proved that this backup can be read: `backup-command` made it, and `backup-check` is empty.');
  return { sha256, bytes: Number(bytes), check };
}

async function run(
  { door, wishes }: BackupWork,
  args: readonly string[],
  options: { readonly stdin: string; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Pick<ExecResult, 'code' | 'stdout' | 'stderr'>> {
  try {
    return await door.host.script(checkScript, args, options);
  } catch (thrown) {
    if (!(thrown instanceof HostError) || thrown.code !== 'COMMAND_TIMEOUT') throw thrown;
    return {
      code: 124,
      stdout: '',
      stderr: `it was not read to its end in ${wishes.timeout / 1000}s (\`backup-timeout\`)`,
    };
  }
}

function corrupt({ door, client }: BackupWork, result: Pick<ExecResult, 'code' | 'stderr'>): MigrateError {
  const words = lastLines(result.stderr, 3)
    .filter((line) => line.trim() !== '')
    .join(': ');
  return new MigrateError({
    code: 'BACKUP_CORRUPT',
    message: `${door.host.name}: the dump of ${client.label} ended well, but reading all of it failed (${words === '' ? `exit code ${result.code}` : words}). It was removed; no command was run, and the database is as it was.`,
    hint: 'A full disk or a dump that was killed does this. Look at `df` and `dmesg` on the server, then run the job again.',
    evidence: lastLines(result.stderr, 10),
  });
}

/** $1 partial, $2 path, $3 sha256. On the disk before it has its name, and its sum beside it for `sha256sum -c`. */
const finishScript = `
set -eu
umask 077
chmod 600 "$1"
printf '%s  %s\\n' "$3" "\${2##*/}" > "$2.sha256"
sync "$1" "$2.sha256" 2>/dev/null || sync
mv -f "$1" "$2"
rm -f "$1.sum"`;

/** Gives a proved backup its name. */
export async function finishBackup({ door, partial, path }: BackupWork, { sha256 }: Proof): Promise<void> {
  await scriptOrThrow(door.host, 'finish the backup', finishScript, [partial, path, sha256]);
}
