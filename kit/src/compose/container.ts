/** One container as `docker inspect` shows it: the part that decisions are made of. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly isOneOff: boolean;
  /** Compose's hash of the service's configuration this container was created from. */
  readonly configHash: string;
  /** The reference it was created with. */
  readonly image: string;
  readonly imageId: string;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly status: string;
  readonly exitCode: number;
  readonly isOomKilled: boolean;
  readonly restartCount: number;
  /** `no`, `always`, `unless-stopped`, `on-failure`. */
  readonly restartPolicy?: string;
  /** undefined without a health check. */
  readonly health: Health | undefined;
  /** Seconds Docker waits between SIGTERM and SIGKILL; 10 is its default. */
  readonly stopGraceSeconds: number;
  readonly addresses: readonly string[];
  /** The image's OCI labels; a label of the service by that name wins, as in Docker. */
  readonly imageLabels?: ImageLabels;
  /** `8000/tcp`: what its image or its service says it listens on. */
  readonly exposedPorts?: readonly string[];
  /** Paths of writable volumes that belong to this container alone: a second one would get others. */
  readonly anonymousVolumes?: readonly string[];
}

export interface Health {
  readonly status: string;
  /** The last probes' outputs, oldest first, one line each. */
  readonly probes: readonly string[];
  /** How long Docker may take to call a container unhealthy: start period + first look + retries × (interval + timeout). */
  readonly budgetMs: number;
}

/** What an image says of itself (`org.opencontainers.image.…`). */
export interface ImageLabels {
  readonly revision?: string;
  readonly version?: string;
}

type Json = Readonly<Record<string, unknown>>;

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Parses the output of `docker inspect` on containers (engine 20.10 to 29); empty output is no container. */
export function parseContainers(output: string): readonly Container[] {
  if (output.trim() === '') return [];
  const list: unknown = JSON.parse(output);
  return Array.isArray(list) ? list.map((entry) => parseContainer(object(entry))) : [];
}

function parseContainer(entry: Json): Container {
  const config = object(entry['Config']);
  const state = object(entry['State']);
  const labels = object(config['Labels']);
  const networks = object(object(entry['NetworkSettings'])['Networks']);
  return {
    id: text(entry['Id']),
    name: text(entry['Name']).replace(/^\//, ''),
    service: text(labels['com.docker.compose.service']),
    isOneOff: text(labels['com.docker.compose.oneoff']) === 'True',
    configHash: text(labels['com.docker.compose.config-hash']),
    image: text(config['Image']),
    imageId: text(entry['Image']),
    createdAt: text(entry['Created']),
    startedAt: text(state['StartedAt']),
    status: text(state['Status']),
    exitCode: number(state['ExitCode']),
    isOomKilled: state['OOMKilled'] === true,
    restartCount: number(entry['RestartCount']),
    restartPolicy: text(object(object(entry['HostConfig'])['RestartPolicy'])['Name']),
    health: parseHealth(object(config['Healthcheck']), state['Health']),
    stopGraceSeconds: typeof config['StopTimeout'] === 'number' ? config['StopTimeout'] : 10,
    addresses: Object.values(networks)
      .map((network) => text(object(network)['IPAddress']))
      .filter((address) => address !== ''),
    ...parseImageLabels(labels),
    exposedPorts: Object.keys(object(config['ExposedPorts'])),
    anonymousVolumes: parseAnonymousVolumes(entry['Mounts']),
  };
}

/** Docker names a volume that nobody named by 64 hex digits. */
function parseAnonymousVolumes(mounts: unknown): readonly string[] {
  return (Array.isArray(mounts) ? mounts : [])
    .map(object)
    .filter(
      (mount) => mount['Type'] === 'volume' && mount['RW'] !== false && /^[0-9a-f]{64}$/.test(text(mount['Name'])),
    )
    .map((mount) => text(mount['Destination']));
}

function parseImageLabels(labels: Json): Pick<Container, 'imageLabels'> {
  const revision = text(labels['org.opencontainers.image.revision']);
  const version = text(labels['org.opencontainers.image.version']);
  if (revision === '' && version === '') return {};
  return { imageLabels: { ...(revision === '' ? {} : { revision }), ...(version === '' ? {} : { version }) } };
}

function parseHealth(config: Json, state: unknown): Health | undefined {
  const test = config['Test'];
  const isOff = !Array.isArray(test) || test.length === 0 || test[0] === 'NONE';
  if (isOff && (state === undefined || state === null)) return undefined;
  const log = object(state)['Log'];
  const probes = (Array.isArray(log) ? log : []).map((probe) => {
    const entry = object(probe);
    return `exit ${number(entry['ExitCode'])}: ${text(entry['Output']).trim().replaceAll(/\s+/g, ' ').slice(0, 300)}`;
  });
  const milliseconds = (key: string, fallback: number): number => (number(config[key]) || fallback) / 1e6;
  // Docker's defaults: interval 30 s, timeout 30 s, retries 3 (docs of HEALTHCHECK).
  const [interval, timeout] = [milliseconds('Interval', 30e9), milliseconds('Timeout', 30e9)];
  const startPeriod = milliseconds('StartPeriod', 0);
  // From Engine 25 on, looks within the start period are `start_interval` apart, 5 s by default whatever `interval` says.
  const firstLook = startPeriod === 0 ? interval : Math.max(interval, milliseconds('StartInterval', 5e9));
  const budgetMs = startPeriod + firstLook + timeout + (interval + timeout) * (number(config['Retries']) || 3);
  return { status: text(object(state)['Status']) || 'starting', probes, budgetMs };
}
