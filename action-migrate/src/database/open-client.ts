import { composeFromModel } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers } from '@deploy-actions/kit/compose/docker-cli';
import { inspectImages } from '@deploy-actions/kit/compose/local-images';
import { pullImage, type RegistryCredentials } from '@deploy-actions/kit/compose/registry-login';
import { lastLines } from '@deploy-actions/kit/host/host';
import { parseImageRef } from '@deploy-actions/kit/image/image-ref';
import { MigrateError } from '../error.ts';
import type { RunDoor } from '../run-door.ts';
import type { DatabaseClient } from './client.ts';
import type { ClientSource, Database } from './database-inputs.ts';
import type { DatabaseEngine } from './engine.ts';
import { mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import { sqlite } from './sqlite.ts';

const label = 'deploy-actions.client';
/** A client container ends by itself, should nobody be left to remove it. */
const longestSeconds = 6 * 3600;
const startTimeoutMs = 120_000;

/** Which credentials a pull of the client's image may use. */
export type CredentialsOf = (registry: string) => RegistryCredentials | undefined;

/**
 * The container to speak to the database from. One that this starts is removed by `close`; what an earlier run left is
 * removed first.
 * @throws MigrateError DB_UNHEALTHY when there is none; ComposeError of the pull
 */
export async function openClient(
  door: RunDoor,
  database: Database,
  credentialsOf: CredentialsOf,
): Promise<DatabaseClient> {
  await removeLeftovers(door);
  if (database.kind === 'url') {
    const { connection } = database;
    const started = await startClient(door, database.client, [], credentialsOf);
    const { host, port, user, database: name } = connection;
    return {
      ...base(door, started.name, connection.engine === 'postgres' ? postgres : mysql),
      containerName: started.name,
      label: connection.label,
      args: [name, user],
      settings: connection.settings,
      remote: { host, port, user, database: name, image: started.image },
      close: () => removeContainer(door, started.name),
    };
  }
  const container = await findContainer(door, database.service);
  const containerName = container.name;
  const own = { containerName, label: `service ${database.service}`, settings: '', remote: undefined };
  if (database.kind === 'service') {
    const engine = await findEngine(door, container, database.service);
    return {
      ...base(door, container.id, engine),
      ...own,
      args: [database.name, database.user],
      close: () => Promise.resolve(),
    };
  }
  const file = { ...own, label: `${database.file} of service ${database.service}`, args: [database.file, ''] };
  if (database.client === undefined)
    return { ...base(door, container.id, sqlite), ...file, close: () => Promise.resolve() };
  const started = await startClient(door, database.client, ['--volumes-from', container.id], credentialsOf);
  return { ...base(door, started.name, sqlite), ...file, close: () => removeContainer(door, started.name) };
}

function base({ host, signal }: RunDoor, container: string, engine: DatabaseEngine) {
  return { host, signal, container, engine };
}

async function findContainer(door: RunDoor, service: string): Promise<Container> {
  const containers = await listProjectContainers(door.host, door.plan.project);
  const own = containers.filter((container) => container.service === service && !container.isOneOff);
  const running = own.find(({ status, health }) => status === 'running' && health?.status !== 'unhealthy');
  if (running !== undefined) return running;
  const [seen] = own;
  const what = seen === undefined ? 'has no container' : `is ${seen.health?.status ?? seen.status}`;
  throw new MigrateError({
    code: 'DB_UNHEALTHY',
    message: `${door.host.name}: service ${service}, which holds the database, ${what}. Nothing was changed in the database.`,
    hint: 'Make it run and be healthy. On the very first deploy, where there is no data yet: `backup: off`.',
  });
}

/** True on a first deploy: the service that will hold the file was never there. */
export async function hasNoContainer(door: RunDoor, service: string): Promise<boolean> {
  const containers = await listProjectContainers(door.host, door.plan.project);
  return !containers.some((container) => container.service === service && !container.isOneOff);
}

/** Its own dump program says what kind of server a container holds. */
async function findEngine(door: RunDoor, container: Container, service: string): Promise<DatabaseEngine> {
  const source =
    'for p in pg_dump mariadb-dump mysqldump; do command -v $p >/dev/null && { echo $p; exit 0; }; done; exit 127';
  const argv = ['docker', 'exec', container.id, 'sh', '-c', source];
  const result = await door.host.exec(argv, { timeoutMs: 30_000, signal: door.signal });
  const found = result.stdout.trim();
  if (result.code === 0) return found === 'pg_dump' ? postgres : mysql;
  throw new MigrateError({
    code: 'DB_UNHEALTHY',
    message: `${door.host.name}: the container of service ${service} has neither pg_dump nor mysqldump${result.code === 127 ? '' : ` (${lastLines(result.stderr, 1)[0] ?? ''})`}. Nothing was changed in the database.`,
    hint: 'Is it the service of the database? A SQLite file is named by `database-file`; for other kinds set `backup-command`.',
  });
}

interface Started {
  readonly name: string;
  readonly image: string;
}

async function startClient(
  door: RunDoor,
  source: ClientSource,
  options: readonly string[],
  credentialsOf: CredentialsOf,
): Promise<Started> {
  const image = source.kind === 'image' ? source.image : (door.model.services[source.service]?.image ?? '');
  if (image === '')
    throw new MigrateError({
      code: 'DB_UNHEALTHY',
      message: `input \`client-service\`: ${source.kind === 'service' ? source.service : ''} is no service with an image in the compose files. Nothing was changed.`,
    });
  await ensureImage(door, image, credentialsOf);
  const name = `${door.plan.project}-client-${door.plan.runKey}-${door.plan.attempt}`;
  const shared = ['--detach', '--rm', '--name', name, '--label', `${label}=${door.plan.deployPath}`];
  const isService = source.kind === 'service' && options.length === 0;
  // With the server's own network, a name or an address means what it means on the server.
  const network = options.length === 0 ? ['--network', 'host'] : ['--network', 'none'];
  const sleep = String(longestSeconds);
  const argv = isService
    ? composeFromModel(door.model, door.settings, [
        ...['run', ...shared, '--no-TTY', '--interactive=false', '--no-deps', '--entrypoint', 'sleep'],
        ...[source.service, sleep],
      ])
    : ['docker', 'run', ...shared, ...network, ...options, '--entrypoint', 'sleep', image, sleep];
  const stdin = isService ? { stdin: door.model.text } : {};
  const result = await door.host.exec(argv, { ...stdin, timeoutMs: startTimeoutMs, signal: door.signal });
  if (result.code === 0) return { name, image };
  throw new MigrateError({
    code: 'DB_UNHEALTHY',
    message: `${door.host.name}: the container ${name} for the database's client programs was not started: ${lastLines(result.stderr, 1)[0] ?? ''}. Nothing was changed in the database.`,
    hint: 'The image must hold `sleep`, `sh` and the client programs.',
    evidence: lastLines(result.stderr, 10),
  });
}

async function ensureImage(door: RunDoor, image: string, credentialsOf: CredentialsOf): Promise<void> {
  if ((await inspectImages(door.host, [image])).has(image)) return;
  const { registry } = parseImageRef(image, 'the image of the database client');
  await pullImage(door.host, { ref: image, registry, credentials: credentialsOf(registry), signal: door.signal });
  door.say(`Pulled: ${image}`);
}

async function removeLeftovers({ host, plan }: RunDoor): Promise<void> {
  const source =
    'ids=$(docker ps -aq --filter "label=$1"); [ -z "$ids" ] || docker rm --force --volumes $ids >/dev/null';
  await host.script(source, [`${label}=${plan.deployPath}`], { timeoutMs: 30_000 });
}

async function removeContainer({ host }: RunDoor, name: string): Promise<void> {
  await host.exec(['docker', 'rm', '--force', '--volumes', name], { timeoutMs: 30_000 }).catch(() => undefined);
}
