import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabServer } from './handle.ts';

/** Which moment of a deploy on the server. */
export interface PausePoint {
  /** Absolute deploy path. */
  readonly path: string;
  /** A step of the journal, written and synced when the deploy stops there; or `lease`, written and not yet answered. */
  readonly step: string;
  /** The n-th time that step is written from now on. Default: the first. */
  readonly occurrence?: number;
}

/**
 * A deploy stopped on the server between a journal line and the mutation that it announces: the actions call `sync` (and
 * `mv` for the lease) there, and a program of that name in front of the real one in PATH waits. No hook in what ships.
 */
export interface Pause {
  /** Resolves when the deploy stands there. */
  readonly reached: Promise<void>;
  /** Lets the command on the server go on, whether somebody still listens to it or not. */
  release(): Promise<void>;
  /** SIGKILL of the command on the server: what it announced is not done. */
  killCommand(): Promise<void>;
  /** From now on no packet of the runner's connection passes; others do. Until `remove()`. */
  cutConnection(): Promise<void>;
  /** Ends the pause, reached or not, and the cut. */
  remove(): Promise<void>;
}

const programs = ['sync', 'mv'];
const root = '/run/lab-pause';

const setScript = `
set -eu
mkdir -p /usr/local/bin "$1"
for program in $6; do
  file=/usr/local/bin/$program
  # A name of this shell: several pauses are set up at once.
  printf "%s" "$5" > "$file.$$"; chmod 755 "$file.$$"; /usr/bin/mv -f "$file.$$" "$file"
done
cd "$1"
printf '%s\\n' "$2" > path; printf '%s\\n' "$3" > step; printf '%s\\n' "$4" > left
for file in "$2"/.deploy/journal/*.jsonl; do
  [ ! -e "$file" ] || wc -l < "$file" > "read.\${file##*/}"
done
mkfifo gate reached
chown -R deploy:deploy .`;

/** Asks a blocked wrapper for its pid and connection; `timeout` ends the wait of a test that does not get there. */
const waitScript = 'timeout "$2" cat "$1/reached"';
const releaseScript = '[ ! -p "$1/gate" ] || timeout 120 sh -c \'echo go > "$1/gate"\' sh "$1"';
const killScript = 'pkill -KILL -s "$(ps -o sess= -p "$1" | tr -d " ")"';
/** $1 A or D, $2 the client's address, $3 its port. */
const cutScript = `
iptables -w -"$1" INPUT -p tcp -s "$2" --sport "$3" -j DROP
iptables -w -"$1" OUTPUT -p tcp -d "$2" --dport "$3" -j DROP`;
/** The server's end of a connection that was cut would wait for its client for hours. $1 the client's port. */
const closeScript = `
for pid in $(ss -Htnp dport = ":$1" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u); do kill -KILL "$pid"; done
exit 0`;

interface Stopped {
  readonly pid: string;
  readonly address: string;
  readonly port: string;
}

/** Sets a pause up; it holds nothing before a deploy gets there. Always `remove()` it. */
export async function pauseDeploy(server: LabServer, point: PausePoint, timeoutMs = 300_000): Promise<Pause> {
  const folder = `${root}/${randomBytes(4).toString('hex')}`;
  const run = async (script: string, args: readonly string[], allowFailure = false): Promise<string> =>
    (await server.exec(['sh', '-c', script, 'pause', ...args], { allowFailure })).stdout;
  const wrapper = readFileSync(join(import.meta.dirname, '../server/pause.sh'), 'utf8');
  const count = String(point.occurrence ?? 1);
  await run(setScript, [folder, point.path, point.step, count, wrapper, programs.join(' ')]);
  const stopped = run(waitScript, [folder, String(timeoutMs / 1000)]).then((text): Stopped => {
    const [pid = '', address = '', port = ''] = text.trim().split(' ');
    return { pid, address, port };
  });
  const reached = stopped.then(() => undefined);
  // A test that ends before must not end the process too.
  reached.catch(() => undefined);
  let held: Stopped | undefined;
  void stopped.then(
    (found) => (held = found),
    () => undefined,
  );
  let cut: Stopped | undefined;
  const release = async (): Promise<void> => {
    held = undefined;
    await run(releaseScript, [folder], true);
  };
  return {
    reached,
    release,
    killCommand: async () => {
      const { pid } = await stopped;
      held = undefined;
      await run(killScript, [pid]);
    },
    cutConnection: async () => {
      const connection = await stopped;
      await run(cutScript, ['A', connection.address, connection.port]);
      cut = connection;
    },
    remove: async () => {
      if (cut !== undefined) {
        await run(closeScript, [cut.port], true);
        await run(cutScript, ['D', cut.address, cut.port], true);
      }
      // From here on nothing stops in it; then what stands in it goes on.
      await run('echo 0 > "$1/left"', [folder], true);
      if (held !== undefined) await release();
      // Opened for both ways: ends the wait of whom it never reached.
      await run('[ ! -p "$1/reached" ] || : 0<> "$1/reached"; rm -rf "$1"', [folder], true);
    },
  };
}
