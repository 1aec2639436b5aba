import { DeployError } from '../action/errors.ts';
import { asList, asObject, asText, type Json } from '../json/json.ts';

/** The part of a service of `docker compose config --format json` that decisions are made of. */
export interface ServiceModel {
  readonly name: string;
  readonly image: string | undefined;
  readonly hasBuild: boolean;
  /** `deploy.replicas` or `scale`; 1 when the file says nothing. */
  readonly replicas: number;
  readonly containerName: string | undefined;
  readonly networkMode: string | undefined;
  readonly ipcMode: string | undefined;
  readonly pidMode: string | undefined;
  readonly networks: readonly {
    readonly name: string;
    readonly hasStaticAddress: boolean;
    /** Made outside of the project: others may reach the service through it. */
    readonly isExternal: boolean;
  }[];
  readonly expose: readonly string[];
  readonly ports: readonly {
    readonly published: string | undefined;
    readonly target: number;
    readonly protocol: string;
  }[];
  readonly volumes: readonly {
    readonly type: string;
    /** undefined for an anonymous volume. */
    readonly source: string | undefined;
    readonly target: string;
    readonly isReadOnly: boolean;
  }[];
  /** Services whose volumes this one mounts (`volumes_from`). */
  readonly volumesFrom: readonly string[];
  /** Paths on the server. */
  readonly devices: readonly string[];
  readonly dependsOn: readonly {
    readonly service: string;
    readonly condition: string;
    /**
     * A new container of that service asks for a new one of this: `restart: true`, which Compose itself adds where
     * network, ipc or pid of the other are shared.
     */
    readonly mustFollow: boolean;
  }[];
  readonly hasHealthcheck: boolean;
  /** The health check of the image is switched off. */
  readonly isHealthcheckDisabled: boolean;
  /** `deploy.update_config.order`: what the user says about two side by side. */
  readonly updateOrder: 'start-first' | 'stop-first' | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly profiles: readonly string[];
  readonly restart: string | undefined;
  /** What Compose itself does when it starts a container and `docker start` does not (ADR 0005); undefined = nothing. */
  readonly startExtra: string | undefined;
}

/** A resolved Compose project. `text` is Compose's own JSON, for piping back into `docker compose -f -`. */
export interface ComposeModel {
  readonly name: string;
  readonly services: Readonly<Record<string, ServiceModel>>;
  /** May hold interpolated secrets: never logged, never written to a file. */
  readonly text: string;
  /** The files it came from, in `-f` and `--env-file` order, relative to deploy-path. */
  readonly composeFiles: readonly string[];
  readonly envFiles: readonly string[];
}

export type ComposeErrorCode =
  | 'COMPOSE_FILE_MISSING'
  | 'COMPOSE_INVALID'
  | 'COMPOSE_TOO_OLD'
  | 'DOCKER_UNREACHABLE'
  | 'ENV_FILE_MISSING'
  | 'SERVICE_UNKNOWN'
  | 'IMAGE_PULL_FAILED'
  | 'IMAGE_MISMATCH';
export class ComposeError extends DeployError<ComposeErrorCode> {}

const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const noSources = { composeFiles: [], envFiles: [] };

/**
 * Parses the output of `docker compose config --format json` (Compose 2.20 to 5).
 * @throws ComposeError COMPOSE_INVALID when it is not such a model
 */
export function parseComposeModel(
  text: string,
  sources: { readonly composeFiles: readonly string[]; readonly envFiles: readonly string[] } = noSources,
): ComposeModel {
  let model: Json;
  try {
    model = asObject(JSON.parse(unescapeDollars(text)));
  } catch (cause) {
    throw new ComposeError({
      code: 'COMPOSE_INVALID',
      message: '`docker compose config` did not print a model.',
      cause,
    });
  }
  const shared = { injected: injectedFiles(model), external: externalNetworks(model) };
  const services = Object.entries(asObject(model['services'])).map(([name, body]) => [
    name,
    parseService(name, asObject(body), shared),
  ]);
  return {
    name: asText(model['name']) ?? '',
    services: Object.fromEntries(services) as ComposeModel['services'],
    text,
    ...sources,
  };
}

/** `docker compose config` writes each `$` of the model as `$$`, so that its output can be read as a compose file again. */
export function unescapeDollars(text: string): string {
  return text.replaceAll('$$', () => '$');
}

/** `configs` and `secrets` whose text stands in the model: Compose copies them into a container at its start. */
function injectedFiles(model: Json): ReadonlySet<string> {
  const names = ['configs', 'secrets'].flatMap((kind) =>
    Object.entries(asObject(model[kind]))
      .filter(([, file]) => asObject(file)['content'] !== undefined || asObject(file)['environment'] !== undefined)
      .map(([name]) => `${kind} ${name}`),
  );
  return new Set(names);
}

function externalNetworks(model: Json): ReadonlySet<string> {
  const networks = Object.entries(asObject(model['networks']));
  return new Set(networks.filter(([, body]) => asObject(body)['external'] === true).map(([name]) => name));
}

function findStartExtra(body: Json, injected: ReadonlySet<string>): string | undefined {
  if (asList(body['post_start']).length > 0) return 'a post_start hook';
  for (const kind of ['configs', 'secrets']) {
    const sources = asList(body[kind]).map((use) => asText(use) ?? asText(asObject(use)['source']) ?? '');
    const found = sources.find((source) => injected.has(`${kind} ${source}`));
    if (found !== undefined) return `${kind} entry ${found} with its text in the model (content: or environment:)`;
  }
  return undefined;
}

/** What the project says outside of its services. */
interface Shared {
  readonly injected: ReadonlySet<string>;
  readonly external: ReadonlySet<string>;
}

function parseService(name: string, body: Json, shared: Shared): ServiceModel {
  const healthcheck = parseHealthcheck(asObject(body['healthcheck']));
  const order = asText(asObject(asObject(body['deploy'])['update_config'])['order']);
  return {
    name,
    image: asText(body['image']),
    hasBuild: body['build'] !== undefined && body['build'] !== null,
    replicas: asNumber(asObject(body['deploy'])['replicas']) ?? asNumber(body['scale']) ?? 1,
    containerName: asText(body['container_name']),
    networkMode: asText(body['network_mode']),
    ipcMode: asText(body['ipc']),
    pidMode: asText(body['pid']),
    networks: parseNetworks(asObject(body['networks']), shared.external),
    expose: asList(body['expose']).map(String),
    ports: asList(body['ports']).map((port) => parsePort(asObject(port))),
    volumes: asList(body['volumes']).map((volume) => parseVolume(asObject(volume))),
    volumesFrom: asList(body['volumes_from'])
      .map(String)
      .filter((from) => !from.startsWith('container:'))
      .map((from) => from.split(':')[0] ?? ''),
    devices: asList(body['devices']).map(
      (device) => asText(asObject(device)['source']) ?? String(device).split(':')[0] ?? '',
    ),
    dependsOn: Object.entries(asObject(body['depends_on'])).map(([service, options]) => ({
      service,
      condition: asText(asObject(options)['condition']) ?? 'service_started',
      mustFollow: asObject(options)['restart'] === true,
    })),
    ...healthcheck,
    updateOrder: order === 'start-first' || order === 'stop-first' ? order : undefined,
    labels: parseLabels(body['labels']),
    profiles: asList(body['profiles']).map(String),
    restart: asText(body['restart']),
    startExtra: findStartExtra(body, shared.injected),
  };
}

function parseHealthcheck(body: Json): Pick<ServiceModel, 'hasHealthcheck' | 'isHealthcheckDisabled'> {
  const isHealthcheckDisabled = body['disable'] === true || asList(body['test'])[0] === 'NONE';
  return { hasHealthcheck: Object.keys(body).length > 0 && !isHealthcheckDisabled, isHealthcheckDisabled };
}

function parseNetworks(body: Json, external: ReadonlySet<string>): ServiceModel['networks'] {
  return Object.entries(body).map(([name, options]) => ({
    name,
    hasStaticAddress: ['ipv4_address', 'ipv6_address', 'mac_address'].some(
      (key) => asText(asObject(options)[key]) !== undefined,
    ),
    isExternal: external.has(name),
  }));
}

function parsePort(port: Json): ServiceModel['ports'][number] {
  const published = port['published'];
  return {
    published: asText(published) ?? asNumber(published)?.toString(),
    target: asNumber(port['target']) ?? 0,
    protocol: asText(port['protocol']) ?? 'tcp',
  };
}

function parseVolume(volume: Json): ServiceModel['volumes'][number] {
  return {
    type: asText(volume['type']) ?? 'volume',
    source: asText(volume['source']),
    target: asText(volume['target']) ?? '',
    isReadOnly: volume['read_only'] === true,
  };
}

function parseLabels(labels: unknown): Readonly<Record<string, string>> {
  const pairs = Array.isArray(labels)
    ? labels.map((line) => String(line)).map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)])
    : Object.entries(asObject(labels)).map(([key, value]) => [key, String(value)]);
  return Object.fromEntries(pairs) as Record<string, string>;
}
