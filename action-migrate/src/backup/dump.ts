import { HostError, lastLines, type ExecResult } from '@deploy-actions/kit/host/host';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { MigrateError } from '../error.ts';
import type { BackupWork } from './backup-check.ts';

/** $1 file, then the command. Its exit status is taken directly: behind a pipe it would be lost. */
const dumpScript = `
umask 077
file=$1; shift
"$@" > "$file"`;

const progressMs = 10_000;

/** @throws MigrateError BACKUP_FAILED; the half-written file is removed */
export async function writeDump(work: BackupWork): Promise<void> {
  const { door, client, wishes, partial, header } = work;
  const exec = ['docker', 'exec', '-i', client.container];
  const argv =
    wishes.command === undefined
      ? [...exec, 'sh', '-c', client.engine.dumpScript, 'sh', ...client.args, String(wishes.compress)]
      : [...exec, ...wishes.command.argv];
  const progress = watchProgress(work);
  try {
    const options = {
      stdin: wishes.command === undefined ? header : '',
      timeoutMs: wishes.timeout,
      signal: door.signal,
    };
    const result = await door.host.script(dumpScript, [partial, ...argv], options);
    if (result.code !== 0) throw failed(work, `exit code ${result.code}`, result);
  } catch (thrown) {
    await removePartial(work);
    if (!(thrown instanceof HostError)) throw thrown;
    if (thrown.code === 'COMMAND_TIMEOUT')
      throw failed(work, `no end after ${formatDuration(wishes.timeout)} (\`backup-timeout\`)`);
    throw thrown;
  } finally {
    progress.end();
  }
}

function failed({ door, client, wishes }: BackupWork, how: string, result?: ExecResult): MigrateError {
  const said = lastLines(result?.stderr ?? '', 1)[0] ?? '';
  const what =
    wishes.command === undefined ? `the dump of ${client.label}` : `\`backup-command\` in ${client.containerName}`;
  return new MigrateError({
    code: 'BACKUP_FAILED',
    message: `${door.host.name}: ${what} ended with ${how}${said === '' ? '' : `: ${said}`}. There is no backup, so no command was run and the database is as it was.`,
    hint: /no space left/i.test(said)
      ? 'The disk is full: make room, then run the job again.'
      : 'The words of the dump program above say why.',
    evidence: lastLines(result?.stderr ?? '', 10),
  });
}

/** Best effort: the next run removes what is left. */
export async function removePartial({ door, partial }: BackupWork): Promise<void> {
  await door.host.script('rm -f -- "$1" "$1.sum"', [partial], { timeoutMs: 15_000 }).catch(() => undefined);
}

/** Says every ten seconds how far the file has grown. */
function watchProgress({ door, partial }: BackupWork): { readonly end: () => void } {
  const start = door.clock.now();
  let isAsking = false;
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    door.host
      .script('wc -c < "$1"', [partial], { timeoutMs: 15_000 })
      .then(({ stdout }) => {
        door.say(
          `… ${(Number(stdout.trim()) / 1024 / 1024).toFixed(1)} MB after ${formatDuration(door.clock.now() - start)}`,
        );
      })
      .catch(() => undefined)
      .finally(() => {
        isAsking = false;
      });
  }, progressMs);
  return {
    end: () => {
      clearInterval(timer);
    },
  };
}
