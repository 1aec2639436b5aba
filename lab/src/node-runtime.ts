import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from './command.ts';
import { ensureLayer } from './layer.ts';
import type { Layer } from './layer.ts';

/** The shell commands that people type in `docker exec` and that health checks use. */
const APPLETS = [
  'sh',
  'ls',
  'cat',
  'touch',
  'rm',
  'sleep',
  'wget',
  'ps',
  'kill',
  'env',
  'id',
  'echo',
  'test',
  'true',
  'false',
  'mkdir',
  'grep',
  'hostname',
  'nc',
];

/** Base layer of the lab's own programs: the Node that runs the lab, its libraries, and a static busybox. */
export async function ensureNodeLayer(cache: string, tools: string): Promise<Layer> {
  const node = realpathSync(process.execPath);
  const { stdout } = await runCommand(['ldd', node]);
  const libraries = [...stdout.matchAll(/^\t(?:\S+ => )?(\/\S+)/gm)].map(([, path = '']) => path);
  const stamp = [
    process.version,
    ...[node, ...libraries].map((path) => `${path} ${String(statSync(path).size)}`),
    ...APPLETS,
  ].join('\n');
  const key = `node-2-${createHash('sha256').update(stamp).digest('hex').slice(0, 12)}`;
  return ensureLayer(cache, key, async (folder) => {
    await copyBusybox(tools, folder);
    writeAccounts(folder);
    for (const path of [...libraries.map((library) => [library, library] as const), [node, '/usr/bin/node'] as const]) {
      const target = join(folder, path[1]);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(path[0], target);
      chmodSync(target, 0o755);
    }
  });
}

/** busybox and its links, made relative: an absolute one would be written through onto the machine. */
export async function copyBusybox(tools: string, folder: string): Promise<void> {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  await runCommand(['cp', join(tools, 'usr/bin/busybox'), join(bin, 'busybox')]);
  for (const applet of APPLETS) if (!existsSync(join(bin, applet))) symlinkSync('busybox', join(bin, applet));
}

/** root and `app` (1000), and a /tmp that both may write. */
export function writeAccounts(folder: string, extra: readonly string[] = []): void {
  for (const name of ['etc', 'tmp', 'root', 'app']) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(join(folder, 'tmp'), 0o1777);
  const users = ['root:x:0:0:root:/root:/bin/sh', 'app:x:1000:1000:app:/app:/bin/sh', ...extra];
  writeFileSync(join(folder, 'etc/passwd'), `${users.join('\n')}\n`);
  writeFileSync(
    join(folder, 'etc/group'),
    `${users.map((line) => `${line.split(':')[0] ?? ''}:x:${line.split(':')[3] ?? ''}:`).join('\n')}\n`,
  );
}

/** A layer of a few files of this repository: `target` in the image → path on this machine. */
export async function ensureFileLayer(
  cache: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<Layer> {
  const contents = Object.entries(files).map(([target, path]) => [target, readFileSync(path)] as const);
  return ensureContentLayer(cache, name, Object.fromEntries(contents));
}

/** A layer of given contents, all readable by everybody. */
export async function ensureContentLayer(
  cache: string,
  name: string,
  files: Readonly<Record<string, Buffer | string>>,
): Promise<Layer> {
  const hash = createHash('sha256');
  for (const [target, content] of Object.entries(files)) hash.update(`${target}\0`).update(content).update('\0');
  return ensureLayer(cache, `${name}-${hash.digest('hex').slice(0, 12)}`, (folder) => {
    for (const [target, content] of Object.entries(files)) {
      const path = join(folder, target);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content, { mode: target.endsWith('.sh') ? 0o755 : 0o644 });
    }
    return Promise.resolve();
  });
}
