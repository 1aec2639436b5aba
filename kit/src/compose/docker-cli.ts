import { noResult, programPart, runBatch, type BatchPart, type PartResult } from '../host/batch.ts';
import { lastLines, type Host } from '../host/host.ts';
import { parseContainers, type Container } from './container.ts';
import { adoptComposePlugin, composeVersionScript } from './compose-plugin.ts';
import { askContainers, readEngineVersion } from './engine-api.ts';
import { locateEnginePart, openLocatedEngine } from './engine-location.ts';
import { ComposeError } from './model.ts';

/** $1 project. A container that goes between the two commands is no failure: `docker inspect` prints the others. */
const listScript = `
ids=$(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$1") || exit 1
[ -n "$ids" ] || exit 0
{ said=$(docker inspect --type container $ids 2>&1 >&3); } 3>&1 || case $said in *[Nn]'o such'*) ;; *) echo "$said" >&2; exit 1 ;; esac`;

/** All containers of a Compose project, running or not, one-offs included. */
export async function listProjectContainers(host: Host, project: string): Promise<readonly Container[]> {
  const [result] = await runBatch(host, [listContainersPart(project)]);
  return parseContainers(result?.stdout ?? '');
}

/** {@link listProjectContainers} as a part; parseContainers reads its output. */
export function listContainersPart(project: string): BatchPart {
  return {
    purpose: 'list the project’s containers',
    source: listScript,
    args: [project],
    ask: (engine, signal) => askContainers(engine, project, signal),
  };
}

/** The last lines of a container's output, both streams, for evidence. */
export async function readLogs(host: Host, id: string, lines: number): Promise<readonly string[]> {
  const result = await host.script('docker logs --tail "$1" "$2" 2>&1', [String(lines), id], { timeoutMs: 20_000 });
  return lastLines(result.stdout, lines).filter((line) => line !== '');
}

/** Versions of the engine and of Compose on the server. */
export interface DockerVersions {
  readonly engine: string;
  readonly compose: string;
  /** `linux/amd64` */
  readonly platform: string;
}

const oldestCompose = [2, 20] as const;

const versionTimeoutMs = 30_000;

/**
 * Checks that this user reaches a Docker engine with a Compose that is new enough. Where the engine can be asked over its
 * socket, it is from now on (engine-door.ts).
 * @throws ComposeError DOCKER_UNREACHABLE, COMPOSE_TOO_OLD
 */
export async function checkDocker(host: Host): Promise<DockerVersions> {
  const bounds = { timeoutMs: versionTimeoutMs };
  const byCli = [engineVersionPart, composeVersionPart];
  if (host.openSocket === undefined) return parseDockerVersions(host, await runBatch(host, byCli, bounds));
  const [located = noResult, compose] = await runBatch(host, [locateEnginePart, composeVersionPart], bounds);
  const version = readEngineVersion(await openLocatedEngine(host, located));
  const [engine] =
    version === undefined
      ? await runBatch(host, [engineVersionPart], bounds)
      : [{ code: 0, stdout: `${version.engine} ${version.platform}`, stderr: '' }];
  return parseDockerVersions(host, [engine, compose]);
}

const engineVersionPart: BatchPart = programPart(
  'ask for the version of Docker',
  ['docker', 'version', '--format', '{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}'],
  { mayFail: true },
);

const composeVersionPart: BatchPart = {
  purpose: 'ask for the version of Compose',
  source: composeVersionScript,
  mayFail: true,
};

/** @throws ComposeError DOCKER_UNREACHABLE, COMPOSE_TOO_OLD */
function parseDockerVersions(host: Host, results: readonly (PartResult | undefined)[]): DockerVersions {
  const failed = results.find((result) => result?.code !== 0);
  const [first = noResult, second = noResult] = results;
  const [engine = '', platform = ''] = first.stdout.trim().split(' ');
  const compose = adoptComposePlugin(host, second).replace(/^v/, '');
  if (failed !== undefined || compose === '')
    throw new ComposeError({
      code: 'DOCKER_UNREACHABLE',
      message: `${host.name}: ${lastLines(failed?.stderr ?? '', 1)[0] ?? 'docker gave no answer'}`,
      hint: 'Is Docker running, is the Compose plugin installed, and may this user use it (group docker)?',
    });
  const [major = 0, minor = 0] = compose.split('.').map(Number);
  if (major < oldestCompose[0] || (major === oldestCompose[0] && minor < oldestCompose[1]))
    throw new ComposeError({
      code: 'COMPOSE_TOO_OLD',
      message: `${host.name} has Compose ${compose}; ${oldestCompose.join('.')} or newer is needed.`,
      hint: 'Upgrade the docker-compose-plugin package on the server.',
    });
  return { engine, compose, platform };
}
