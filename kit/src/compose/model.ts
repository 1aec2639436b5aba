import { DeployError } from '../action/errors.ts';

/** The part of a service of `docker compose config --format json` that decisions are made of. */
export interface ServiceModel {
  readonly name: string;
  readonly image: string | undefined;
  readonly hasBuild: boolean;
  /** `deploy.replicas` or `scale`; 1 when the file says nothing. */
  readonly replicas: number;
  readonly containerName: string | undefined;
  readonly networkMode: string | undefined;
  readonly networks: readonly { readonly name: string; readonly hasStaticAddress: boolean }[];
  readonly ports: readonly {
    readonly published: string | undefined;
    readonly target: number;
    readonly protocol: string;
  }[];
  readonly volumes: readonly {
    readonly type: string;
    readonly source: string | undefined;
    readonly target: string;
    readonly isReadOnly: boolean;
  }[];
  readonly dependsOn: readonly { readonly service: string; readonly condition: string }[];
  readonly hasHealthcheck: boolean;
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

type Json = Readonly<Record<string, unknown>>;

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const asText = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
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
    model = asObject(JSON.parse(text));
  } catch (cause) {
    throw new ComposeError({
      code: 'COMPOSE_INVALID',
      message: '`docker compose config` did not print a model.',
      cause,
    });
  }
  const injected = injectedFiles(model);
  const services = Object.entries(asObject(model['services'])).map(([name, body]) => [
    name,
    parseService(name, asObject(body), injected),
  ]);
  return {
    name: asText(model['name']) ?? '',
    services: Object.fromEntries(services) as ComposeModel['services'],
    text,
    ...sources,
  };
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

function findStartExtra(body: Json, injected: ReadonlySet<string>): string | undefined {
  if (asList(body['post_start']).length > 0) return 'a post_start hook';
  for (const kind of ['configs', 'secrets']) {
    const sources = asList(body[kind]).map((use) => asText(use) ?? asText(asObject(use)['source']) ?? '');
    const found = sources.find((source) => injected.has(`${kind} ${source}`));
    if (found !== undefined) return `${kind} entry ${found} with its text in the model (content: or environment:)`;
  }
  return undefined;
}

function parseService(name: string, body: Json, injected: ReadonlySet<string>): ServiceModel {
  const healthcheck = asObject(body['healthcheck']);
  const networks = Object.entries(asObject(body['networks'])).map(([network, options]) => ({
    name: network,
    hasStaticAddress: ['ipv4_address', 'ipv6_address', 'mac_address'].some(
      (key) => asText(asObject(options)[key]) !== undefined,
    ),
  }));
  return {
    name,
    image: asText(body['image']),
    hasBuild: body['build'] !== undefined && body['build'] !== null,
    replicas: asNumber(asObject(body['deploy'])['replicas']) ?? asNumber(body['scale']) ?? 1,
    containerName: asText(body['container_name']),
    networkMode: asText(body['network_mode']),
    networks,
    ports: asList(body['ports']).map((port) => parsePort(asObject(port))),
    volumes: asList(body['volumes']).map((volume) => parseVolume(asObject(volume))),
    dependsOn: Object.entries(asObject(body['depends_on'])).map(([service, options]) => ({
      service,
      condition: asText(asObject(options)['condition']) ?? 'service_started',
    })),
    hasHealthcheck: Object.keys(healthcheck).length > 0 && healthcheck['disable'] !== true,
    labels: parseLabels(body['labels']),
    profiles: asList(body['profiles']).map(String),
    restart: asText(body['restart']),
    startExtra: findStartExtra(body, injected),
  };
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
