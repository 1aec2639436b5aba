import { parseDuration } from '../time/duration.ts';
import { asList, asObject, asText, asTexts, type Json } from '../json/json.ts';

/** What the assessment reads of a resolved model beyond what the plan is made of. */
export interface ModelDetails {
  readonly services: Readonly<Record<string, ServiceDetails>>;
  /** Only those that a service uses: Compose makes no others. */
  readonly networks: readonly NetworkModel[];
  readonly volumes: readonly VolumeModel[];
}

export interface ServiceDetails {
  readonly name: string;
  /** Bytes; `mem_limit` or `deploy.resources.limits.memory`. */
  readonly memoryLimit: number | undefined;
  /** Bytes; `mem_reservation` or `deploy.resources.reservations.memory`. */
  readonly memoryReservation: number | undefined;
  /** undefined: Docker's 10 s. */
  readonly stopGraceMs: number | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly hasInit: boolean;
  /** Only the variables in which a web server is told how long it may take to end; no other leaves the model. */
  readonly serverSettings: Readonly<Record<string, string>>;
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

export interface NetworkModel {
  /** Its name in the file. */
  readonly key: string;
  /** Its name on the server. */
  readonly name: string;
  readonly isExternal: boolean;
  readonly driver: string | undefined;
  readonly isInternal: boolean;
  readonly isAttachable: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly subnets: readonly string[];
  /** As Compose printed it, for asking Compose again. */
  readonly body: unknown;
}

export interface VolumeModel {
  readonly key: string;
  readonly name: string;
  readonly isExternal: boolean;
  readonly driver: string | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const settingNames = ['GUNICORN_CMD_ARGS', 'UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN'];

/** Reads the text of a {@link ComposeModel}, which was parsed once already. Pure. */
export function readModelDetails(text: string): ModelDetails {
  const model = asObject(JSON.parse(text));
  const services = Object.entries(asObject(model['services'])).map(([name, body]) => readService(name, asObject(body)));
  const used = (kind: 'networks' | 'volumes'): ReadonlySet<string> =>
    new Set(services.flatMap((service) => service[kind]));
  return {
    services: Object.fromEntries(services.map((service) => [service.name, service])),
    networks: entriesOf(model['networks'], used('networks')).map(([key, body]) => readNetwork(key, body)),
    volumes: entriesOf(model['volumes'], used('volumes')).map(([key, body]) => readVolume(key, body)),
  };
}

function entriesOf(value: unknown, used: ReadonlySet<string>): readonly (readonly [string, Json])[] {
  return Object.entries(asObject(value))
    .filter(([key]) => used.has(key))
    .map(([key, body]) => [key, asObject(body)]);
}

function readService(name: string, body: Json): ServiceDetails {
  const resources = asObject(asObject(body['deploy'])['resources']);
  const memory = (kind: 'limits' | 'reservations', legacy: string): number | undefined =>
    readBytes(asObject(resources[kind])['memory']) ?? readBytes(body[legacy]);
  const environment = asTexts(body['environment']);
  return {
    name,
    memoryLimit: memory('limits', 'mem_limit'),
    memoryReservation: memory('reservations', 'mem_reservation'),
    stopGraceMs: readGrace(body['stop_grace_period']),
    entrypoint: asList(body['entrypoint']).map(String),
    command: asList(body['command']).map(String),
    hasInit: body['init'] === true,
    serverSettings: Object.fromEntries(Object.entries(environment).filter(([key]) => settingNames.includes(key))),
    networks: Object.keys(asObject(body['networks'])),
    volumes: asList(body['volumes'])
      .map(asObject)
      .filter((volume) => volume['type'] === 'volume')
      .flatMap((volume) => asText(volume['source']) ?? []),
  };
}

/** Compose prints sizes as whole bytes, in a text. */
function readBytes(value: unknown): number | undefined {
  const bytes = Number(value);
  return (typeof value === 'string' || typeof value === 'number') && bytes > 0 ? bytes : undefined;
}

function readGrace(value: unknown): number | undefined {
  const text = asText(value);
  if (text === undefined) return undefined;
  try {
    return parseDuration(text, 'stop_grace_period');
  } catch {
    // Longer than we count, or of another form: then it is not too short.
    return Infinity;
  }
}

function readNetwork(key: string, body: Json): NetworkModel {
  const subnets = asList(asObject(body['ipam'])['config']).flatMap((pool) => asText(asObject(pool)['subnet']) ?? []);
  return {
    key,
    name: asText(body['name']) ?? key,
    isExternal: body['external'] === true,
    driver: asText(body['driver']),
    isInternal: body['internal'] === true,
    isAttachable: body['attachable'] === true,
    options: asTexts(body['driver_opts']),
    labels: asTexts(body['labels']),
    subnets,
    body,
  };
}

function readVolume(key: string, body: Json): VolumeModel {
  return {
    key,
    name: asText(body['name']) ?? key,
    isExternal: body['external'] === true,
    driver: asText(body['driver']),
    options: asTexts(body['driver_opts']),
    body,
  };
}
