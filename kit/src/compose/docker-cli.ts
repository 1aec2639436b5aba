import { execOrThrow, lastLines, scriptOrThrow, type Host } from '../host/host.ts';
import { parseContainers, type Container } from './container.ts';
import { ComposeError } from './model.ts';

/** All containers of a Compose project, running or not, one-offs included. */
export async function listProjectContainers(host: Host, project: string): Promise<readonly Container[]> {
  const source = `
ids=$(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$1") || exit 1
[ -z "$ids" ] || docker inspect $ids`;
  const result = await scriptOrThrow(host, 'list the project’s containers', source, [project]);
  return parseContainers(result.stdout);
}

/** The state of some containers; one that is gone is absent from the result. */
export async function inspectContainers(host: Host, ids: readonly string[]): Promise<readonly Container[]> {
  if (ids.length === 0) return [];
  // `docker inspect` fails when one id is gone, but prints the others.
  const result = await host.exec(['docker', 'inspect', '--type', 'container', ...ids]);
  const isOnlyMissing = /No such (object|container)/i.test(result.stderr);
  if (result.code !== 0 && !isOnlyMissing)
    await execOrThrow(host, ['docker', 'inspect', '--type', 'container', ...ids]);
  return parseContainers(result.stdout);
}

/** The last lines of a container's output, both streams, for evidence. */
export async function readLogs(host: Host, id: string, lines: number): Promise<readonly string[]> {
  const result = await host.script('docker logs --tail "$1" "$2" 2>&1', [String(lines), id], { timeoutMs: 20_000 });
  return lastLines(result.stdout, lines).filter((line) => line !== '');
}

/** What is known of a local image. */
export interface LocalImage {
  readonly id: string;
  readonly repoDigests: readonly string[];
  readonly platform: string;
}

/** A local image by reference or id; undefined when the server does not have it. */
export async function inspectImage(host: Host, ref: string): Promise<LocalImage | undefined> {
  const format = '{{json .Id}}\t{{json .RepoDigests}}\t{{.Os}}/{{.Architecture}}';
  const result = await host.exec(['docker', 'image', 'inspect', '--format', format, ref]);
  if (result.code !== 0) return undefined;
  const [id = '""', digests = '[]', platform = ''] = result.stdout.trim().split('\t');
  const repoDigests = JSON.parse(digests) as readonly string[] | null;
  return { id: JSON.parse(id) as string, repoDigests: repoDigests ?? [], platform };
}

/** Versions of the engine and of Compose on the server. */
export interface DockerVersions {
  readonly engine: string;
  readonly compose: string;
  /** `linux/amd64` */
  readonly platform: string;
}

const oldestCompose = [2, 20] as const;

/**
 * Checks that this user reaches a Docker engine with a Compose that is new enough.
 * @throws ComposeError DOCKER_UNREACHABLE, COMPOSE_TOO_OLD
 */
export async function checkDocker(host: Host): Promise<DockerVersions> {
  const source = `
docker version --format '{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}' || exit 1
docker compose version --short`;
  const result = await host.script(source, [], { timeoutMs: 20_000 });
  const [engineLine = '', composeLine = ''] = result.stdout.trim().split('\n');
  const [engine = '', platform = ''] = engineLine.split(' ');
  const compose = composeLine.replace(/^v/, '');
  if (result.code !== 0 || compose === '')
    throw new ComposeError({
      code: 'DOCKER_UNREACHABLE',
      message: `${host.name}: ${lastLines(result.stderr, 1)[0] ?? 'docker gave no answer'}`,
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
