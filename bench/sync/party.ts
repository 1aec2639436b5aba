import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../lab/src/index.ts';
import { createJob } from '../../lab/src/runner/index.ts';

/** How the server is reached in a case. */
export interface Way {
  readonly host: string;
  readonly port: number;
}

/** What every party needs; `folder` is private to the bench: `key`, `known_hosts`, `actions/`. */
export interface SyncAccess {
  readonly lab: Lab;
  readonly folder: string;
}

/** One transfer: a local folder's content into a folder of the server. */
export interface Transfer {
  readonly way: Way;
  readonly from: string;
  readonly to: string;
  /** Called when the files are there: what a job does at its end, as the action's post step, comes after it. */
  readonly onSent?: () => void;
  /** Whether the peak of the action's memory is wanted: looking at it takes time from the one who is timed. */
  readonly isWatched?: boolean;
}

/** How one transfer went. */
export interface Sent {
  readonly ms: number;
  /** Of the action: remote commands that it ran. */
  readonly commands?: number;
  /** Of the action: peak of its resident memory. */
  readonly peakMiB?: number;
}

/** A way to bring files to a server. Rejects when it fails. */
export interface SyncParty {
  readonly name: string;
  readonly send: (transfer: Transfer) => Promise<Sent>;
}

const ACTION = 'action-sync-remote';

/** The bundled action, its whole process: the step without its post. */
export function makeOurs(access: SyncAccess, inputs: Readonly<Record<string, string>> = {}): SyncParty {
  return {
    name: ACTION,
    send: async ({ way, from, to, onSent, isWatched = false }) => {
      const { lab, folder } = access;
      const job = await createJob({
        workspace: from,
        root: join(folder, 'actions'),
        env: {
          DEPLOY_HOST: way.host,
          DEPLOY_PORT: String(way.port),
          DEPLOY_USER: lab.server.user,
          DEPLOY_HOST_FINGERPRINT: lab.server.hostFingerprint,
          DEPLOY_PATH: to,
        },
        secrets: { DEPLOY_SSH_PRIVATE_KEY: lab.server.privateKey },
        github: { repository: 'acme/bench' },
      });
      const memory = isWatched ? watchMemory(folder) : undefined;
      const step = await job.step({ uses: ACTION, with: { 'ssh-private-key': lab.server.privateKey, ...inputs } });
      onSent?.();
      const peakMiB = memory?.stop();
      await job.finish();
      await job.dispose();
      if (step.outcome !== 'success') throw new RangeError(`the action failed: ${step.log.slice(-1500)}`);
      const commands = /^(\d+) remote commands/m.exec(step.log)?.[1];
      return {
        ms: step.processMs,
        ...(peakMiB === undefined ? {} : { peakMiB }),
        ...(commands === undefined ? {} : { commands: Number(commands) }),
      };
    },
  };
}

/** Looks ten times a second at the peak of the process that runs the bench's copy of the bundle. */
function watchMemory(folder: string): { readonly stop: () => number } {
  let peak = 0;
  let pid = '';
  const timer = setInterval(() => {
    try {
      if (pid === '')
        pid =
          readdirSync('/proc').find(
            (name) =>
              /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`${folder}/actions/`),
          ) ?? '';
      const text = pid === '' ? '' : readFileSync(`/proc/${pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmHWM:\s*(\d+)/.exec(text)?.[1] ?? 0) / 1024);
    } catch {
      // A process that ends while it is looked at.
    }
  }, 100);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

function sshOptions({ folder, lab }: SyncAccess): readonly string[] {
  const options = {
    HostKeyAlias: lab.server.host,
    UserKnownHostsFile: join(folder, 'known_hosts'),
    BatchMode: 'yes',
    IdentitiesOnly: 'yes',
    IdentityFile: join(folder, 'key'),
  };
  return ['-F', 'none', ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** rsync of the machine, else the one that the lab's server has, run with that system's own libraries. */
export function findRsync(lab: Lab): readonly string[] | undefined {
  for (const file of ['/usr/bin/rsync', '/usr/local/bin/rsync']) if (existsSync(file)) return [file];
  const { tree } = lab.server;
  const loader = ['lib64/ld-linux-x86-64.so.2', 'lib/ld-linux-aarch64.so.1']
    .map((file) => join(tree, file))
    .find(existsSync);
  const program = join(tree, 'usr/bin/rsync');
  if (loader === undefined || !existsSync(program)) return undefined;
  const libraries = ['x86_64', 'aarch64'].map((cpu) => join(tree, `usr/lib/${cpu}-linux-gnu`)).join(':');
  return [loader, '--library-path', libraries, program];
}

function makePeer(
  name: string,
  access: SyncAccess,
  command: (transfer: Transfer, login: string) => readonly string[],
): SyncParty {
  return {
    name,
    send: async (transfer) => {
      const startedAt = performance.now();
      await run(command(transfer, `${access.lab.server.user}@${transfer.way.host}`));
      transfer.onSent?.();
      return { ms: performance.now() - startedAt };
    },
  };
}

function run(argv: readonly string[]): Promise<void> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir() },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new RangeError(`${program} ended with ${String(code)}: ${stderr.slice(-400)}`)),
    );
  });
}

/** `rsync` with these flags and without owner and group, which a deploy user may not set. */
export function makeRsync(access: SyncAccess, flags: string): SyncParty | undefined {
  const program = findRsync(access.lab);
  if (program === undefined) return undefined;
  return makePeer(`rsync ${flags}`, access, ({ way, from, to }, login) => {
    const shell = ['ssh', ...sshOptions(access), '-p', String(way.port)].join(' ');
    return [
      ...program,
      flags,
      '--no-owner',
      '--no-group',
      '--delete',
      '--exclude=/.deploy',
      '-e',
      shell,
      `${from}/`,
      `${login}:${to}/`,
    ];
  });
}

/** Everything, each time. */
export function makeTar(access: SyncAccess, isPacked: boolean): SyncParty {
  const flag = isPacked ? 'z' : '';
  return makePeer(`tar -c${flag} | ssh tar -x${flag}`, access, ({ way, from, to }, login) => [
    'bash',
    '-c',
    `set -o pipefail; from=$1 port=$2 login=$3 to=$4; shift 4; tar -c${flag} -C "$from" . | ssh "$@" -p "$port" "$login" "tar -x${flag} -C '$to'"`,
    'bash',
    from,
    String(way.port),
    login,
    to,
    ...sshOptions(access),
  ]);
}

export function makeScp(access: SyncAccess): SyncParty {
  return makePeer('scp -r', access, ({ way, from, to }, login) => [
    'scp',
    ...sshOptions(access),
    '-P',
    String(way.port),
    '-rq',
    `${from}/.`,
    `${login}:${to}`,
  ]);
}

export function makeNodeSsh(access: SyncAccess): SyncParty {
  const script = join(import.meta.dirname, 'put-directory.mjs');
  return makePeer('node-ssh putDirectory (50 at once)', access, ({ way, from, to }) => [
    process.execPath,
    script,
    way.host,
    String(way.port),
    access.lab.server.user,
    join(access.folder, 'key'),
    from,
    to,
  ]);
}
