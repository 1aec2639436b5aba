import type { PartResult } from '../host/batch.ts';
import type { EngineDoor } from '../host/engine-door.ts';
import { asObject, textOf, type Json } from '../json/json.ts';

/** An answer with a body that is not the one that was asked for. */
export function unexpected(path: string, status: number): Error {
  return new Error(`the engine answered ${path} with ${status}`);
}

function notPlain(ref: string): Error {
  return new Error(`${ref} is no plain reference`);
}

/** `result` of a look that succeeded, as its command would have printed it. */
function printed(stdout: string): PartResult {
  return { code: 0, stdout, stderr: '' };
}

/** Containers in any state that have all of the labels (`name=value`); without labels: every one. */
export async function listContainers(
  engine: EngineDoor,
  labels: readonly string[],
  signal: AbortSignal,
): Promise<readonly Json[]> {
  const filters = labels.length === 0 ? '' : `&filters=${encodeURIComponent(JSON.stringify({ label: labels }))}`;
  const path = `/containers/json?all=1${filters}`;
  const { status, body } = await engine.get(path, signal);
  if (status !== 200 || !Array.isArray(body)) throw unexpected(path, status);
  return body.map(asObject);
}

/** Undefined for one that is not there. */
async function inspect(engine: EngineDoor, id: string, signal: AbortSignal): Promise<Json | undefined> {
  const path = `/containers/${id}/json`;
  const { status, body } = await engine.get(path, signal);
  if (status === 404) return undefined;
  if (status !== 200) throw unexpected(path, status);
  return asObject(body);
}

/** Ids of a project as last seen: they are inspected while the list is on its way, which saves a round trip. */
const lastSeen = new WeakMap<EngineDoor, Map<string, readonly string[]>>();

/** The containers of a project as a JSON list, which `docker inspect` prints too. */
export async function askContainers(engine: EngineDoor, project: string, signal: AbortSignal): Promise<PartResult> {
  const seen = lastSeen.get(engine) ?? new Map<string, readonly string[]>();
  lastSeen.set(engine, seen);
  const known = seen.get(project) ?? [];
  const look = (ids: readonly string[]): Promise<readonly (Json | undefined)[]> =>
    Promise.all(ids.map((id) => inspect(engine, id, signal)));
  const [list, early] = await Promise.all([
    listContainers(engine, [`com.docker.compose.project=${project}`], signal),
    look(known),
  ]);
  const ids = list.map(({ Id }) => textOf(Id));
  seen.set(project, ids);
  const late = await look(ids.filter((id) => !known.includes(id)));
  const found = [...early, ...late].filter((entry) => entry !== undefined);
  return printed(JSON.stringify(ids.flatMap((id) => found.find(({ Id }) => Id === id) ?? [])));
}

/** `id status restarts health` of each container, one a line; none for one that is gone. */
export async function askStates(engine: EngineDoor, ids: readonly string[], signal: AbortSignal): Promise<string> {
  const found = await Promise.all(ids.map((id) => inspect(engine, id, signal)));
  return found
    .flatMap((entry) => {
      if (entry === undefined) return [];
      const state = asObject(entry['State']);
      const health = textOf(asObject(state['Health'])['Status']);
      return [`${textOf(entry['Id'])} ${textOf(state['Status'])} ${Number(entry['RestartCount'] ?? 0)} ${health}`];
    })
    .join('\n');
}

/** A network that a container is on. */
export interface Attached {
  readonly name: string;
  readonly networkId: string;
  /** Version 4, then 6. */
  readonly addresses: readonly string[];
  /** Version 4; empty: none. */
  readonly address: string;
}

/** The networks of a container; none for one that is gone. */
export async function askAttachments(
  engine: EngineDoor,
  id: string,
  signal: AbortSignal,
): Promise<readonly Attached[]> {
  const networks = asObject(asObject((await inspect(engine, id, signal))?.['NetworkSettings'])['Networks']);
  return Object.entries(networks).map(([name, value]) => {
    const { NetworkID, IPAddress, GlobalIPv6Address } = asObject(value);
    const addresses = [textOf(IPAddress), textOf(GlobalIPv6Address)].filter((address) => address !== '');
    return { name, networkId: textOf(NetworkID), address: textOf(IPAddress), addresses };
  });
}

/** What a room check needs of containers: `id pid mode/"signal"`, one a line, as the template of facts-script.ts prints it. */
export async function askFirstProcesses(
  engine: EngineDoor,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const found = await Promise.all(ids.map((id) => inspect(engine, id, signal)));
  return found
    .flatMap((entry) => {
      if (entry === undefined) return [];
      const pid = asObject(entry['State'])['Pid'];
      const mode = textOf(asObject(entry['HostConfig'])['PidMode']);
      const stopSignal = JSON.stringify(asObject(entry['Config'])['StopSignal'] ?? null);
      return [`${textOf(entry['Id'])} ${String(pid)} ${mode}/${stopSignal}`];
    })
    .join('\n');
}

/** The named networks and all of a project, the named volumes: as JSON, one a line, those that are there. */
export async function askNetworksAndVolumes(
  engine: EngineDoor,
  project: string,
  networks: readonly string[],
  volumes: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly networks: readonly string[]; readonly volumes: readonly string[] }> {
  const look = async (path: string): Promise<readonly string[]> => {
    const { status, body } = await engine.get(path, signal);
    if (status === 404) return [];
    if (status !== 200) throw unexpected(path, status);
    return [JSON.stringify(body)];
  };
  const all = (kind: string, names: readonly string[]): Promise<readonly (readonly string[])[]> =>
    Promise.all(names.map((name) => look(`/${kind}/${encodeURIComponent(name)}`)));
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
  const path = `/networks?filters=${filters}`;
  const { status, body } = await engine.get(path, signal);
  if (status !== 200 || !Array.isArray(body)) throw unexpected(path, status);
  const own = body.map((network) => textOf(asObject(network)['Name']));
  const [ofNetworks, ofVolumes] = await Promise.all([
    all('networks', [...new Set([...networks, ...own])]),
    all('volumes', volumes),
  ]);
  return { networks: ofNetworks.flat(), volumes: ofVolumes.flat() };
}

/** What Docker's CLI takes for a reference; anything else is asked of it. */
const plainReference = /^[\w][\w.:/@-]*$/;

/** Images as the command of local-images.ts prints them: one line each, `-` for one that is not here. */
export async function askImages(engine: EngineDoor, refs: readonly string[], signal: AbortSignal): Promise<PartResult> {
  const lines = await Promise.all(
    refs.map(async (ref) => {
      if (!plainReference.test(ref)) throw notPlain(ref);
      const path = `/images/${ref}/json`;
      const { status, body } = await engine.get(path, signal);
      if (status === 404) return '-';
      if (status !== 200) throw unexpected(path, status);
      const { Id, RepoDigests, Os, Architecture, Config } = asObject(body);
      const check = asObject(Config)['Healthcheck'];
      return [
        JSON.stringify(Id),
        JSON.stringify(RepoDigests ?? null),
        `${textOf(Os)}/${textOf(Architecture)}`,
        JSON.stringify(check ?? null),
      ].join('\t');
    }),
  );
  return printed(lines.map((line) => `${line}\n`).join(''));
}

/** A container of a service, as far as a guard needs it. */
export interface ServiceMember {
  readonly id: string;
  readonly name: string;
  /** `running`, `exited` … */
  readonly state: string;
}

/** The containers of a service, one-offs left out. */
export async function askService(
  engine: EngineDoor,
  project: string,
  service: string,
  signal: AbortSignal,
): Promise<readonly ServiceMember[]> {
  const label = (name: string, value: string): string => `com.docker.compose.${name}=${value}`;
  const labels = [label('project', project), label('service', service), label('oneoff', 'False')];
  const list = await listContainers(engine, labels, signal);
  return list.map(({ Id, Names, State }) => ({
    id: textOf(Id),
    name: firstName(Names),
    state: textOf(State),
  }));
}

/** Names of the running containers with all these labels. */
export async function askRunningNames(
  engine: EngineDoor,
  labels: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const list = await listContainers(engine, labels, signal);
  return list.flatMap(({ State, Names }) => (State === 'running' ? [firstName(Names)] : []));
}

/** Ids of the running containers of a service, one-offs among them. */
export async function askRunningIds(
  engine: EngineDoor,
  project: string,
  service: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const labels = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`];
  const list = await listContainers(engine, labels, signal);
  return list.flatMap(({ State, Id }) => (State === 'running' ? [textOf(Id)] : []));
}

function firstName(names: unknown): string {
  return textOf(Array.isArray(names) ? names[0] : undefined).replace(/^\//, '');
}

/** Server version and platform of `GET /version`; undefined for an answer of another shape. Pure. */
export function readEngineVersion(body: unknown): { readonly engine: string; readonly platform: string } | undefined {
  const { Version, Os, Arch } = asObject(body);
  if ([Version, Os, Arch].some((value) => textOf(value) === '')) return undefined;
  return { engine: textOf(Version), platform: `${textOf(Os)}/${textOf(Arch)}` };
}
