import { posix } from 'node:path';
import { listContainers } from '@deploy-actions/kit/compose/engine-api';
import { locateEngineScript } from '@deploy-actions/kit/compose/engine-location';
import type { BatchPart } from '@deploy-actions/kit/host/batch';
import type { EngineDoor } from '@deploy-actions/kit/host/engine-door';
import { asObject, textOf } from '@deploy-actions/kit/json/json';
import type { DeployPath } from '@deploy-actions/kit/state/deploy-path';

/** A path of deploy-path that a container of this server has mounted. */
export interface Mount {
  /** Relative to deploy-path; empty: deploy-path itself, or something above it. */
  readonly path: string;
  /** The Compose service, else the container's name. */
  readonly service: string;
}

/** $1 deploy path, $2 `containers` or `all`. Exit 7: Docker could not be asked. A container that goes away meanwhile has no mounts any more. */
const mountsScript = `
ids=$(docker ps -aq --no-trunc) || exit 7
printf 'r %s\\n' "$(cd "$1" && pwd -P)"
[ -z "$ids" ] || docker inspect --format '{{$c := .}}{{range .Mounts}}{{if eq .Type "bind"}}b {{.Source}}{{"\\t"}}{{with index $c.Config.Labels "com.docker.compose.service"}}{{.}}{{else}}{{$c.Name}}{{end}}{{"\\n"}}{{end}}{{end}}' $ids 2>/dev/null
[ "$2" = all ] || exit 0
volumes=$(docker volume ls -q) || exit 7
[ -z "$volumes" ] || docker volume inspect --format '{{with .Options}}{{with index . "device"}}b {{.}}{{"\\t"}}{{$.Name}}{{end}}{{end}}' $volumes 2>/dev/null
exit 0`;

/** Asks which folders and files containers (running or not) of this server hold; `all`: and its volumes. Reads only. */
export function mountsPart(deployPath: DeployPath, of: 'containers' | 'all'): BatchPart {
  return { purpose: 'ask Docker for the mounts', source: mountsScript, args: [deployPath, of], mayFail: true };
}

/** Where the engine of this server listens, and what deploy-path is without links: a line each. Exit 3: no such folder. */
export function locatePart(deployPath: DeployPath): BatchPart {
  const source = `${inSubshell(locateEngineScript)}; printf '\\n'; cd "$1" 2>/dev/null || exit 3; pwd -P`;
  return { purpose: 'find the socket of Docker', source, args: [deployPath], mayFail: true };
}

/** A script of its own within another; it ends with `exit`. */
function inSubshell(source: string): string {
  return `(${source}\n)`;
}

/** What {@link locatePart}'s command printed. */
export interface DockerPlace {
  /** Empty: Docker is asked by its CLI. */
  readonly socket: string;
  /** Deploy-path without links; empty where it is not known. */
  readonly real: string;
}

export function parsePlace(text: string): DockerPlace {
  const [socket = '', real = ''] = text.split('\n');
  return { socket, real };
}

/**
 * The part of {@link mountsPart} for containers that asks the engine itself where the host has a door to it: one question,
 * where Docker's CLI is started twice.
 */
export function askedMountsPart(deployPath: DeployPath, real: string): BatchPart {
  const part = mountsPart(deployPath, 'containers');
  if (real === '') return part;
  return {
    ...part,
    ask: async (engine, signal) => ({ code: 0, stdout: await listMounts(engine, real, signal), stderr: '' }),
  };
}

/** The lines of {@link parseMounts}. */
async function listMounts(engine: EngineDoor, real: string, signal: AbortSignal): Promise<string> {
  const lines = (await listContainers(engine, [], signal)).flatMap(({ Names, Labels, Mounts }) => {
    const name = Array.isArray(Names) ? textOf(Names[0]) : '';
    const service = textOf(asObject(Labels)['com.docker.compose.service']) || name;
    const mounts = Array.isArray(Mounts) ? Mounts.map(asObject) : [];
    return mounts.filter(({ Type }) => Type === 'bind').map(({ Source }) => `b ${textOf(Source)}\t${service}`);
  });
  return [`r ${real}`, ...lines].join('\n');
}

/** What {@link mountsPart}'s command printed. Pure. */
export function parseMounts(text: string, deployPath: string): readonly Mount[] {
  const lines = text.split('\n');
  const real = lines.find((line) => line.startsWith('r '))?.slice(2) ?? deployPath;
  return lines
    .filter((line) => line.startsWith('b '))
    .flatMap((line) => {
      const [source = '', service = ''] = line.slice(2).split('\t');
      const path = [deployPath, real].flatMap((root) => pathBelow(root, source))[0];
      return path === undefined ? [] : [{ path, service: service.replace(/^\//, '') }];
    });
}

function pathBelow(root: string, source: string): readonly string[] {
  if (source === root || root.startsWith(`${source}/`) || source === '/') return [''];
  return source.startsWith(`${root}/`) ? [source.slice(root.length + 1)] : [];
}

/**
 * Paths that a compose file of the source may mount, by its text: every word that is a path of deploy-path. Better one
 * too many than one too few: they only keep what is there from being deleted. Pure.
 * @param folder of the file, relative to deploy-path
 */
export function mountsOfText(text: string, folder: string, deployPath: string): readonly string[] {
  const words = [
    ...text.matchAll(/(?:^|[\s"'[{,:=-])((?:\.{1,2}|\$\{?PWD\}?|\/)(?:\/[^\s"',:}\]]*)?)/gm),
    ...text.matchAll(/\b(?:source|src|device|file):\s*["']?([^\s"',}\]]+)/g),
  ].map((match) => match[1] ?? '');
  const found = words.flatMap((word) => {
    const path = word.replace(/^\$\{?PWD\}?/, '.');
    if (path.startsWith('/')) return pathBelow(deployPath, posix.normalize(path).replace(/\/$/, ''));
    return [folder, ''].flatMap((base) => {
      const joined = posix.normalize(posix.join(base, path)).replace(/\/$/, '');
      return joined === '.' || joined === '..' || joined.startsWith('../') ? [] : [joined];
    });
  });
  return [...new Set(found)].filter((path) => path !== '');
}

/** The mount that a path is, or is below. Pure. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts.find((mount) => mount.path === '' || path === mount.path || path.startsWith(`${mount.path}/`));
}

/**
 * Changed or deleted files that a container has mounted by themselves: it goes on seeing the old ones, because a mount
 * holds the file and not its name. Pure.
 */
export function findPinned(touched: readonly string[], mounts: readonly Mount[]): readonly Mount[] {
  const paths = new Set(touched);
  const pinned = mounts.filter((mount) => paths.has(mount.path));
  return [...new Map(pinned.map((mount) => [`${mount.path} ${mount.service}`, mount])).values()];
}
