import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { tryDownload } from './download.ts';
import { LabError } from './error.ts';
import type { Log } from './log.ts';

/** The machine that the lab runs on. */
export interface Machine {
  /** `debian` or `ubuntu`. */
  readonly distribution: string;
  readonly codename: string;
  /** Debian's word for the processor: `amd64`, `arm64` … Docker uses the same. */
  readonly architecture: string;
}

/** Programs that the lab starts in the machine's own namespaces, and the package that has each. */
const NEEDED: readonly (readonly [program: string, packageName: string])[] = [
  ['ip', 'iproute2'],
  ['nsenter', 'util-linux'],
  ['unshare', 'util-linux'],
  ['pivot_root', 'util-linux'],
  ['mount', 'mount'],
  ['tar', 'tar'],
  ['chroot', 'coreutils'],
];

/** Looks at the machine and installs the few programs that it lacks. Throws LabError naming all that stands in the way. */
export async function prepareMachine(log: Log): Promise<Machine> {
  const uid = process.getuid?.();
  if (process.platform !== 'linux' || uid !== 0) {
    const who = process.platform === 'linux' ? `user id ${String(uid)}` : process.platform;
    throw new LabError(`the lab makes network namespaces and mounts, so it needs root on Linux; this is ${who}.`, {
      hint: 'Run it as root on a Debian 12 or 13 or Ubuntu machine, for instance a throw-away virtual machine.',
    });
  }
  const release = readRelease('/etc/os-release');
  const distribution = release.get('ID') ?? 'unknown';
  if (!['debian', 'ubuntu'].includes(distribution) || findProgram('apt-get') === undefined) {
    throw new LabError(
      `the lab takes its programs from Debian's or Ubuntu's packages; this machine is ${distribution}.`,
      {
        hint: 'Run it on Debian 12 or 13 or Ubuntu 22.04 or newer.',
      },
    );
  }
  const missing = NEEDED.filter(([program]) => findProgram(program) === undefined).map(([, name]) => name);
  if (missing.length > 0) await installPackages([...new Set(missing)], log);
  if (!readFileSync('/proc/filesystems', 'utf8').includes('\toverlay\n')) await loadOverlay();
  const { stdout } = await runCommand(['dpkg', '--print-architecture']);
  return { distribution, codename: release.get('VERSION_CODENAME') ?? '', architecture: stdout.trim() };
}

/** The full path of a program, looked for as a root login would. */
export function findProgram(name: string): string | undefined {
  const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return existsSync(path);
  } catch {
    return false;
  }
}

async function installPackages(names: readonly string[], log: Log): Promise<void> {
  log(`installing on this machine (they stay after down): ${names.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await tryDownload(`installing ${names.join(' ')}`, log, async () => {
    await runCommand(['apt-get', 'update', '-q'], { env, allowFailure: true });
    await runCommand(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...names], { env });
  });
}

async function loadOverlay(): Promise<void> {
  const loaded = await runCommand(['modprobe', 'overlay'], { allowFailure: true }).catch(() => undefined);
  if (loaded?.exitCode !== 0)
    throw new LabError('the kernel has no overlay file system, which Docker and the lab need.');
}

function readRelease(path: string): ReadonlyMap<string, string> {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return new Map(
    lines.flatMap((line) => {
      const match = /^([A-Z_]+)="?([^"]*)"?$/.exec(line);
      return match?.[1] === undefined ? [] : [[match[1], match[2] ?? ''] as const];
    }),
  );
}
