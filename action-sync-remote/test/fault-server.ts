import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ExtraServer, Lab } from '../../lab/src/index.ts';
import { watchedTools, type FaultPoint } from './fault-points.ts';

/**
 * A server of its own whose programs can be held: a second sshd there gives its sessions a PATH with stand-ins of some
 * tools. In a cell with a `point`, the first command that matches it makes the folder `held` and waits for the file `go`.
 */
export interface FaultServer {
  readonly server: ExtraServer;
  readonly port: number;
  readonly user: string;
  makeCell(name: string, point?: FaultPoint, template?: string): FaultCell;
  stop(): Promise<void>;
}

export interface FaultCell {
  readonly deployPath: string;
  readonly isHeld: () => boolean;
  /** From now on the next command that matches is held. */
  holdAt(point: FaultPoint): void;
  /** Lets the held command go on, or kills it with everything that its session runs. */
  letGo(how: 'on' | 'die'): void;
}

/** Whose programs the sessions have: those of the lab's own server, of Debian 13, or nothing but BusyBox's. */
export type Userland = 'Debian' | 'Debian 13' | 'BusyBox';

const port = 2298;
const deployUid = 1000;

/**
 * @param base as seen from both sides
 * @param folders where the tools are
 */
const standIn = (base: string, folders: readonly string[]): string => `#!/bin/sh
tool=\${0##*/}
for real in ${folders.map((folder) => `${folder}/$tool`).join(' ')}; do if [ -x "$real" ]; then break; fi; done
words="$tool $*"; place="$PWD/ $words"
case $place in
*/cells/*)
  place=\${place#*/cells/}; cell=${base}/cells/\${place%%/*}; point=
  if [ -f "$cell/point" ]; then IFS= read -r point < "$cell/point"; fi
  case $words in
  $point)
    if /bin/mkdir "$cell/held" 2>/dev/null; then
      while [ ! -e "$cell/go" ]; do /bin/sleep 0.1; done
      read -r how < "$cell/go"
      [ "$how" = on ] || kill -KILL 0
    fi ;;
  esac ;;
esac
exec "$real" "$@"
`;

/**
 * BusyBox's sh runs its own programs whatever PATH says, but for functions: those lead to the stand-ins. What it runs by
 * `exec` is run without.
 */
const busyBoxShell = (base: string): string => `#!/bin/sh
[ "$1" = -c ] || exec ${base}/busybox/sh "$@"
text=\${2#exec cp}; [ "$text" = "$2" ] || text="cp$text"
shift 2
exec ${base}/busybox/sh -c '${['sh', 'xargs', ...watchedTools].map((tool) => `${tool}() { ${base}/bin/${tool} "$@"; }`).join('\n')}
'"$text" "$@"
`;

/** BusyBox for everything but xargs: its own runs no stand-in either. */
function installBusyBox(lab: Lab, base: string): void {
  const trees = join(lab.paths.cache, 'trees');
  const tools = readdirSync(trees).find((tree) => /^tools-[0-9a-f]+$/.test(tree)) ?? '';
  const folder = join(base, 'busybox');
  mkdirSync(folder);
  copyFileSync(join(trees, tools, 'usr/bin/busybox'), join(folder, 'busybox'));
  for (const applet of execFileSync(join(folder, 'busybox'), ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (applet !== 'busybox' && applet !== 'xargs') symlinkSync('busybox', join(folder, applet));
  symlinkSync('/usr/bin/xargs', join(base, 'bin/xargs'));
  writeFileSync(join(base, 'bin/sh'), busyBoxShell(base));
  chmodSync(join(base, 'bin/sh'), 0o755);
}

export async function startFaultServer(lab: Lab, name: string, userland: Userland = 'Debian'): Promise<FaultServer> {
  const engine = userland === 'Debian 13' ? 'debian-13' : 'default';
  const server = await lab.startServer({ name, engine, fresh: true });
  const base = join(lab.paths.shared, name);
  rmSync(base, { recursive: true, force: true });
  mkdirSync(join(base, 'bin'), { recursive: true });
  mkdirSync(join(base, 'cells'));
  const folders = userland === 'BusyBox' ? [join(base, 'busybox')] : ['/usr/local/bin', '/usr/bin', '/bin'];
  writeFileSync(join(base, 'stand-in'), standIn(base, folders));
  chmodSync(join(base, 'stand-in'), 0o755);
  for (const tool of watchedTools) symlinkSync('../stand-in', join(base, 'bin', tool));
  if (userland === 'BusyBox') installBusyBox(lab, base);
  const path = [`${base}/bin`, ...folders].join(':');
  const options = [`Port=${port}`, `SetEnv=PATH=${path}`, 'PidFile=/run/fault-sshd.pid'];
  await server.exec(['/usr/sbin/sshd', ...options.flatMap((option) => ['-o', option])]);
  return {
    server,
    port,
    user: server.user,
    makeCell: (cell, point, template) => makeCell(join(base, 'cells', cell), point, template),
    stop: async () => {
      await server.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** @param template a deploy path to begin with, as its owner left it */
function makeCell(folder: string, point: FaultPoint | undefined, template: string | undefined): FaultCell {
  const deployPath = join(folder, 'app');
  mkdirSync(folder);
  if (template === undefined) mkdirSync(deployPath);
  else execFileSync('cp', ['-a', template, deployPath]);
  for (const place of [folder, deployPath]) chownSync(place, deployUid, deployUid);
  const holdAt = (at: FaultPoint): void => writeFileSync(join(folder, 'point'), `${at.command}\n`);
  if (point !== undefined) holdAt(point);
  return {
    deployPath,
    holdAt,
    isHeld: () => existsSync(join(folder, 'held')),
    letGo: (how) => {
      writeFileSync(join(folder, 'go.new'), `${how}\n`);
      renameSync(join(folder, 'go.new'), join(folder, 'go'));
    },
  };
}
