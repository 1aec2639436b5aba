import { composeFromModel } from '@deploy-actions/kit/compose/compose-cli';
import type { Container } from '@deploy-actions/kit/compose/container';
import { listProjectContainers, readLogs } from '@deploy-actions/kit/compose/docker-cli';
import { inspectImages } from '@deploy-actions/kit/compose/local-images';
import { credentialsFor, pullImage, type RegistryCredentials } from '@deploy-actions/kit/compose/registry-login';
import { lastLines } from '@deploy-actions/kit/host/host';
import { parseImageRef } from '@deploy-actions/kit/image/image-ref';
import { rememberStarted } from '@deploy-actions/kit/state/started-services';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { poll } from '@deploy-actions/kit/time/poll';
import { judgeDependency, type Dependency, type DependencyState } from './dependency.ts';
import { MigrateError } from './error.ts';
import type { RunDoor } from './run-door.ts';

const upTimeoutMs = 10 * 60_000;
/** A database that initialises an empty data folder on a slow disk takes minutes. */
const readyWithinMs = 3 * 60_000;

export interface DependencyOptions {
  readonly shouldStart: boolean;
  /** The service whose container is the database's server. */
  readonly database: string | undefined;
  readonly credentials: RegistryCredentials | undefined;
  /** Of this step's images: where its credentials may go when the user did not name their registry. */
  readonly registries: ReadonlySet<string>;
}

/**
 * Makes sure that what the service depends on runs and is healthy, starting what is missing where that is allowed.
 * What runs already is never recreated.
 * @throws MigrateError DEPENDENCY_UNAVAILABLE naming the service and what was seen
 */
export async function readyDependencies(door: RunDoor, options: DependencyOptions): Promise<void> {
  const named = door.model.services[door.plan.service]?.dependsOn ?? [];
  const dependencies = [...named, ...databaseOf(options, named)];
  if (dependencies.length === 0) {
    door.say('Nothing else is needed to run.');
    return;
  }
  const states = await look(door, dependencies);
  const missing = states.filter(({ state }) => state.kind === 'missing');
  const [first] = missing;
  if (first !== undefined) {
    if (!options.shouldStart) throw await unavailable(door, first.dependency, first.state);
    await startServices(door, missing, options);
  }
  const isStarted = missing.length > 0;
  for (const { dependency } of states) await waitUntilReady(door, dependency, isStarted);
}

/** The service of the database must run too, whether or not `depends_on` says so. */
function databaseOf({ database }: DependencyOptions, named: readonly Dependency[]): readonly Dependency[] {
  if (database === undefined || named.some(({ service }) => service === database)) return [];
  return [{ service: database, condition: 'service_started', mustFollow: false }];
}

interface Seen {
  readonly dependency: Dependency;
  readonly state: DependencyState;
}

async function look(door: RunDoor, dependencies: readonly Dependency[]): Promise<readonly Seen[]> {
  const containers = await listProjectContainers(door.host, door.plan.project);
  return dependencies.map((dependency) => ({ dependency, state: judgeDependency(dependency, containers) }));
}

async function startServices(door: RunDoor, missing: readonly Seen[], options: DependencyOptions): Promise<void> {
  const names = missing.map(({ dependency }) => dependency.service);
  const because = missing.map(({ dependency, state }) => `${dependency.service} ${state.seen}`).join(', ');
  door.say(
    `Starting what ${door.plan.service === '' ? 'the migration' : door.plan.service} depends on (${because}). What runs already is left as it is.`,
  );
  for (const name of names) await pullForService(door, name, options);
  await rememberStarted(door.host, door.settings.deployPath, names);
  const argv = composeFromModel(door.model, door.settings, ['up', '--detach', '--no-recreate', ...names]);
  const result = await door.host.exec(argv, { stdin: door.model.text, timeoutMs: upTimeoutMs, signal: door.signal });
  if (result.code === 0) return;
  throw new MigrateError({
    code: 'DEPENDENCY_UNAVAILABLE',
    message: `${door.host.name}: \`docker compose up\` of ${names.join(', ')} ended with exit code ${result.code}: ${lastLines(result.stderr, 1)[0] ?? ''}`,
    hint: 'No command was run; nothing that ran was touched.',
    evidence: lastLines(result.stderr, 10),
  });
}

/** Compose would pull without this step's credentials. */
async function pullForService(door: RunDoor, name: string, options: DependencyOptions): Promise<void> {
  const image = door.model.services[name]?.image;
  if (image === undefined || (await inspectImages(door.host, [image])).has(image)) return;
  const { registry } = parseImageRef(image, `the image of service ${name}`);
  const start = door.clock.now();
  const credentials = credentialsFor(registry, options.credentials, options.registries);
  await pullImage(door.host, { ref: image, registry, credentials, signal: door.signal });
  door.say(`Pulled ${image} in ${formatDuration(door.clock.now() - start)}.`);
}

async function waitUntilReady(door: RunDoor, dependency: Dependency, isStarted: boolean): Promise<void> {
  const result = await poll(
    async () => {
      const [seen] = await look(door, [dependency]);
      const state: DependencyState = seen?.state ?? { kind: 'missing', seen: 'has no container' };
      // Right after `up` a container may not be listed yet, or be between two starts.
      const isOpen = state.kind === 'starting' || (state.kind === 'missing' && isStarted);
      return isOpen ? { done: false, seen: state.seen } : { done: true, value: state };
    },
    { clock: door.clock, signal: door.signal, intervalMs: 1000, deadlineMs: readyWithinMs },
  );
  if (result.kind === 'deadline')
    throw await unavailable(door, dependency, {
      kind: 'missing',
      seen: `not ready after ${formatDuration(result.elapsedMs)}: ${result.lastSeen}`,
    });
  if (result.value.kind !== 'ready') throw await unavailable(door, dependency, result.value);
  door.say(`${dependency.service}: ${result.value.seen}.`);
}

async function unavailable(door: RunDoor, dependency: Dependency, state: DependencyState): Promise<MigrateError> {
  const containers: readonly Container[] = await listProjectContainers(door.host, door.plan.project);
  const shown = containers.find(({ service, isOneOff }) => service === dependency.service && !isOneOff);
  const evidence = shown === undefined ? [] : await readLogs(door.host, shown.id, 20);
  return new MigrateError({
    code: 'DEPENDENCY_UNAVAILABLE',
    message: `${door.host.name}: service ${dependency.service}, which ${door.plan.service === '' ? 'the migration' : door.plan.service} depends on, ${state.kind === 'missing' ? state.seen : `is ${state.seen}`}. No command was run.`,
    hint:
      state.kind === 'missing'
        ? 'Start it, or let this step do it (`start-dependencies: true`).'
        : 'Its log above says why. Make it healthy, then run the job again.',
    evidence,
  });
}
