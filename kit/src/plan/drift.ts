import type { Container } from '../compose/container.ts';
import type { NetworkRenewal } from './network-renewal.ts';
import type { ModelDetails, NetworkModel, VolumeModel } from './model-details.ts';
import type { PlanNote } from './plan-note.ts';
import type { ExistingNetwork, ExistingVolume, ServerFacts } from './server-facts.ts';

/**
 * Networks and volumes that are not what the compose files say. Tried in the lab (engine 20.10, Compose 2.26.1, 2.40.3):
 *
 * - Compose up to 2.30 compares nothing: whatever changed at a network or a volume, `create` and `up` leave it as it is
 *   and say nothing. The file is not true then, and nothing stops.
 * - Since 2.31 networks and volumes carry a hash. Where it differs, even `create --no-recreate` of one service stops ALL
 *   containers of that service first. If another service is attached too, removing the network then fails and the service
 *   stays down. If all are asked for, the network is made anew and they are attached again, stopped, and without their
 *   service name: nobody finds them by it any more, and a later `up -d` leaves them so.
 * - A changed label is enough. So is, sometimes, a newer Compose with the same file (docker/compose, hash.go): that is why
 *   Compose itself is asked, by `--dry-run`, and a comparison of our own only says what differs.
 * - At a volume Compose asks whether to delete the data; with nobody to answer it goes on with the old one.
 */
const composeLabel = 'com.docker.compose.';

/** Pure. Refused is what would stop containers, cost data, or fail half-way; what Compose leaves alone is a warning. */
export function assessDrift(
  details: ModelDetails,
  facts: ServerFacts,
  project: string,
  isDowntimeAllowed: boolean,
): readonly PlanNote[] {
  const users = (kind: 'networks' | 'volumes', key: string): string =>
    Object.values(details.services)
      .filter((service) => service[kind].includes(key))
      .map(({ name }) => name)
      .join(', ');
  return [
    ...details.networks.flatMap((network) =>
      assessNetwork(network, facts, project, users('networks', network.key), isDowntimeAllowed),
    ),
    ...details.volumes.flatMap((volume) => assessVolume(volume, facts, project, users('volumes', volume.key))),
  ];
}

function assessNetwork(
  network: NetworkModel,
  facts: ServerFacts,
  project: string,
  users: string,
  isDowntimeAllowed: boolean,
): readonly PlanNote[] {
  const { name, key } = network;
  const existing = facts.networks.find((candidate) => candidate.name === name);
  if (network.isExternal) return existing === undefined ? [missing('network', name, users)] : [];
  if (existing === undefined) return renamed(network, facts, project, users);
  const differences = compareNetworks(network, existing);
  if (facts.remade.networks.includes(name)) {
    const what = `network ${name} is to be made anew (${describe(differences)}): ${users} stop meanwhile`;
    if (isDowntimeAllowed) return [{ level: 'warning', text: `${what}, as allow-downtime allows` }];
    return [{ level: 'refusal', code: 'DRIFT', text: what, hint: networkHint(project) }];
  }
  const owner = existing.labels[`${composeLabel}network`];
  if (existing.labels[`${composeLabel}project`] === project && owner !== undefined && owner !== key)
    return [
      {
        level: 'refusal',
        code: 'DRIFT',
        text: `network ${name} belongs to ${JSON.stringify(owner)} of the compose files before, now to ${JSON.stringify(key)}: Compose refuses it`,
        hint: `Keep the key ${JSON.stringify(owner)} in the file, or give the network another name.`,
      },
    ];
  return differences.length === 0
    ? []
    : [
        {
          level: 'warning',
          text: `network ${name} is not as the files say (${describe(differences)}) and stays as it is until it is made anew (docker compose down)`,
        },
      ];
}

/** The networks that Compose would make anew, and all services in them; undefined = none. Pure. */
export function findRenewal(details: ModelDetails, facts: ServerFacts): NetworkRenewal | undefined {
  const remade = details.networks.filter(({ isExternal, name }) => !isExternal && facts.remade.networks.includes(name));
  const keys = new Set(remade.map(({ key }) => key));
  const users = Object.values(details.services).filter(({ networks }) => networks.some((key) => keys.has(key)));
  if (remade.length === 0) return undefined;
  return { networks: remade.map(({ name }) => name), services: users.map(({ name }) => name) };
}

/** Containers in networks to be made anew that are not of their services: those are not this rollout's to stop. Pure. */
export function assessStrangers(
  renewal: NetworkRenewal,
  facts: ServerFacts,
  containers: readonly Container[],
): readonly PlanNote[] {
  const own = new Set(
    containers.filter(({ service, isOneOff }) => !isOneOff && renewal.services.includes(service)).map(({ id }) => id),
  );
  return facts.networks
    .filter(({ name }) => renewal.networks.includes(name))
    .flatMap(({ name, attached }): readonly PlanNote[] => {
      const strangers = Object.entries(attached).filter(([id]) => !own.has(id));
      if (strangers.length === 0) return [];
      const names = strangers.map(([, container]) => container).join(', ');
      const text = `network ${name} cannot be made anew: ${names}, which no service of the compose files is, runs in it`;
      return [
        {
          level: 'refusal',
          code: 'DRIFT',
          text,
          hint: `Stop it or take it out: docker network disconnect ${name} <container>`,
        },
      ];
    });
}

function networkHint(project: string): string {
  return (
    'Put the network back in the file as it was; or set `allow-downtime: true` to have its services stopped and made anew; ' +
    `or give it a new key and name in the file, and move one service after the other (project ${project}).`
  );
}

/** The same key under another name: what is not replaced stays in the old one and is not reached from the new one. */
function renamed(network: NetworkModel, facts: ServerFacts, project: string, users: string): readonly PlanNote[] {
  const before = facts.networks.find(
    ({ labels }) => labels[`${composeLabel}project`] === project && labels[`${composeLabel}network`] === network.key,
  );
  if (before === undefined) return [];
  return [
    {
      level: 'warning',
      text: `network ${before.name} is now called ${network.name}: of ${users}, what this rollout does not replace stays in the old one and is not reached by the new containers`,
    },
  ];
}

/** What differs, `internal: false → true`; only what the file states, since engines add settings of their own. Pure. */
export function compareNetworks(wanted: NetworkModel, existing: ExistingNetwork): readonly string[] {
  const change = (what: string, before: string, after: string): readonly string[] =>
    before === after ? [] : [`${what}: ${before} → ${after}`];
  const isOwn = ([key]: readonly [string, string]): boolean => !key.startsWith(composeLabel);
  const labels = Object.fromEntries(Object.entries(existing.labels).filter(isOwn));
  return [
    ...change('driver', existing.driver, wanted.driver ?? 'bridge'),
    ...change('internal', String(existing.isInternal), String(wanted.isInternal)),
    ...change('attachable', String(existing.isAttachable), String(wanted.isAttachable)),
    ...Object.entries(wanted.options).flatMap(([key, value]) => change(key, existing.options[key] ?? 'none', value)),
    ...wanted.subnets
      .filter((subnet) => !existing.subnets.includes(subnet))
      .map((subnet) => `subnet: ${existing.subnets.join(', ')} → ${subnet}`),
    ...compareMaps('label ', labels, wanted.labels),
  ];
}

function compareMaps(
  what: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .filter((key) => before[key] !== after[key])
    .map((key) => `${what}${key}: ${before[key] ?? 'none'} → ${after[key] ?? 'none'}`);
}

function assessVolume(volume: VolumeModel, facts: ServerFacts, project: string, users: string): readonly PlanNote[] {
  const { name } = volume;
  const existing = facts.volumes.find((candidate) => candidate.name === name);
  if (volume.isExternal) return existing === undefined ? [missing('volume', name, users)] : [];
  if (existing === undefined) return [];
  const differences = compareVolumes(volume, existing);
  const isRemade = facts.remade.volumes.includes(name);
  if (!isRemade && differences.length === 0) return [];
  const text = `volume ${name} of ${users} is not as the files say (${describe(differences)})`;
  if (!isRemade && existing.labels[`${composeLabel}project`] !== project)
    return [{ level: 'warning', text: `${text}; this project did not make it, and Compose leaves it as it is` }];
  return [
    {
      level: 'refusal',
      code: 'DRIFT',
      text: `${text}: Compose can only make it anew, and its data would be lost`,
      hint: 'Put the volume back in the file as it was; or copy the data to a volume of another name and use that one; or mark this one `external: true`.',
    },
  ];
}

/** What differs between the file and the volume: Docker cannot change either afterwards. Pure. */
export function compareVolumes(wanted: VolumeModel, existing: ExistingVolume): readonly string[] {
  const driver = wanted.driver ?? 'local';
  return [
    ...(driver === existing.driver ? [] : [`driver: ${existing.driver} → ${driver}`]),
    ...compareMaps('', existing.options, wanted.options),
  ];
}

function describe(differences: readonly string[]): string {
  return differences.length === 0
    ? 'its settings look the same, but another version of Compose made it'
    : differences.join(', ');
}

function missing(kind: 'network' | 'volume', name: string, users: string): PlanNote {
  return {
    level: 'refusal',
    code: 'DRIFT',
    text: `the external ${kind} ${name} of ${users} does not exist`,
    hint: `Make it on the server: docker ${kind} create ${name}`,
  };
}
