import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

const port = 2298;
const deployUid = 1000;

/** @param base as seen from both sides */
const standIn = (base: string): string => `#!/bin/sh
tool=\${0##*/}
for real in /usr/bin/$tool /bin/$tool; do if [ -x "$real" ]; then break; fi; done
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

export async function startFaultServer(lab: Lab, name: string): Promise<FaultServer> {
  const server = await lab.startServer({ name, fresh: true });
  const base = join(lab.paths.shared, name);
  rmSync(base, { recursive: true, force: true });
  mkdirSync(join(base, 'bin'), { recursive: true });
  mkdirSync(join(base, 'cells'));
  writeFileSync(join(base, 'stand-in'), standIn(base));
  chmodSync(join(base, 'stand-in'), 0o755);
  for (const tool of watchedTools) symlinkSync('../stand-in', join(base, 'bin', tool));
  const path = `${base}/bin:/usr/local/bin:/usr/bin:/bin`;
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
