import { composeArgv } from '../compose/compose-plugin.ts';
import { askFirstProcesses, askNetworksAndVolumes } from '../compose/engine-api.ts';
import { askEngine } from '../host/engine-door.ts';
import type { Host } from '../host/host.ts';
import { networksScript, reclaimableScript, roomScript } from './facts-script.ts';
import { asList, asObject, asText, asTexts, type Json } from '../json/json.ts';

/** What the server has, as far as it can be found out. Sizes in bytes. */
export interface ServerFacts {
  readonly memory: MemoryFacts | undefined;
  /** By container id. */
  readonly containers: Readonly<Record<string, ContainerFacts>>;
  readonly disks: readonly DiskFacts[];
  /** Sizes by image id. */
  readonly images: Readonly<Record<string, number>>;
  readonly networks: readonly ExistingNetwork[];
  readonly volumes: readonly ExistingVolume[];
  /** Names of the networks and volumes that this server's Compose would make anew. */
  readonly remade: { readonly networks: readonly string[]; readonly volumes: readonly string[] };
}

export interface MemoryFacts {
  readonly total: number;
  /** What the kernel can give without swapping. */
  readonly available: number;
  readonly swapFree: number;
}

export interface ContainerFacts {
  /** undefined: neither the cgroup nor `docker stats` told. */
  readonly memory: number | undefined;
  /** The container's first process, where it is number 1 of a space of its own. */
  readonly first: FirstProcess | undefined;
}

export interface FirstProcess {
  readonly name: string;
  /** `SIGTERM` unless the image or the service says another. */
  readonly stopSignal: string;
  /** undefined: not known. False: the kernel drops that signal, and the container ends only by SIGKILL. */
  readonly hearsStopSignal: boolean | undefined;
}

export interface DiskFacts {
  readonly role: 'images' | 'deploy-path';
  readonly path: string;
  readonly free: number;
  /** undefined where the file system has no fixed number of files, or does not say. */
  readonly freeFiles: number | undefined;
}

export interface ExistingNetwork {
  readonly name: string;
  readonly driver: string;
  readonly isInternal: boolean;
  readonly isAttachable: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly subnets: readonly string[];
  /** Names of the running containers in it, by id. */
  readonly attached: Readonly<Record<string, string>>;
}

export interface ExistingVolume {
  readonly name: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** What {@link readServerFacts} asks about. */
export interface FactsQuery {
  readonly deployPath: string;
  readonly project: string;
  /** Ids of running containers. */
  readonly containers: readonly string[];
  /** Ids of images whose size is asked. */
  readonly images: readonly string[];
  /** Whether images will be pulled: only then the place where they go is asked for. */
  readonly isPullNeeded: boolean;
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  /** The arguments of `docker compose` that ask it, with its stdin; undefined = do not ask. */
  readonly compose: { readonly args: readonly string[]; readonly stdin: string } | undefined;
}

/** Looks at the server. What it does not tell is left out: a look is no reason to fail. */
export async function readServerFacts(host: Host, query: FactsQuery): Promise<ServerFacts> {
  const list = (entries: readonly string[]): string => entries.join('\n');
  const pull = query.isPullNeeded ? 'pull' : '';
  const readRoom = async (): Promise<string> => {
    const first = await askEngine(host, (engine, until) => askFirstProcesses(engine, query.containers, until));
    const args = [query.deployPath, pull, list(query.containers), list(query.images), first ?? ''];
    return (await host.script(roomScript, args)).stdout;
  };
  const [room, drift] = await Promise.all([readRoom(), readDrift(host, query)]);
  return parseServerFacts(`${room}\n${drift}`);
}

/** What {@link networksScript} prints. */
async function readDrift(host: Host, { project, networks, volumes, compose }: FactsQuery): Promise<string> {
  const argv = compose === undefined ? [] : composeArgv(host, compose.args);
  const found = await askEngine(host, (engine, until) =>
    askNetworksAndVolumes(engine, project, networks, volumes, until),
  );
  if (found === undefined) {
    const args = [project, networks.join('\n'), volumes.join('\n'), ...argv];
    return (await host.script(networksScript, args, { stdin: compose?.stdin ?? '' })).stdout;
  }
  const isCompared = [...found.networks, ...found.volumes].some((text) =>
    text.includes('com.docker.compose.config-hash'),
  );
  const said = compose !== undefined && isCompared ? await host.exec(argv, { stdin: compose.stdin }) : undefined;
  const sections = ['## networks', ...found.networks, '## volumes', ...found.volumes, '## compose'];
  return `${sections.join('\n')}\n${said?.stdout ?? ''}\n${said?.stderr ?? ''}`;
}

/** `Images 3.2GB (70%), Build Cache 5GB`: what the server could give back; undefined = it does not say. */
export async function readReclaimable(host: Host): Promise<string | undefined> {
  const result = await host.script(reclaimableScript, [], { timeoutMs: 30_000 });
  const lines = result.stdout.split('\n').filter((line) => line !== '' && !/ 0B( |$)/.test(line));
  return result.code === 0 && lines.length > 0 ? lines.join(', ') : undefined;
}

/** Parses what the two scripts print. Pure. */
export function parseServerFacts(output: string): ServerFacts {
  const section = (name: string): readonly string[] => linesOf(output, name);
  const values = (name: string): readonly Json[] => section(name).map(parseLine);
  const stats = Object.fromEntries(section('stats').map((line) => [firstWord(line), parseSize(line)]));
  return {
    memory: parseMemory(section('memory')),
    containers: Object.fromEntries(
      section('containers').map((line) => [firstWord(line), parseContainer(line, stats[firstWord(line)])]),
    ),
    disks: section('disks').flatMap(parseDisk),
    images: Object.fromEntries(
      section('images').flatMap((line) => {
        const [id = '', size] = line.split(' ');
        const bytes = parseCount(size);
        return bytes === undefined ? [] : [[id, bytes] as const];
      }),
    ),
    networks: values('networks').map(parseNetwork),
    volumes: values('volumes').map(parseVolume),
    remade: parseRemade(section('compose').join('\n')),
  };
}

function linesOf(output: string, name: string): readonly string[] {
  const lines = output.split('\n');
  const start = lines.indexOf(`## ${name}`);
  if (start === -1) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith('## '));
  return (end === -1 ? rest : rest.slice(0, end)).filter((line) => line !== '');
}

const firstWord = (line: string): string => line.split(' ')[0] ?? '';

function parseCount(word: string | undefined): number | undefined {
  return word !== undefined && /^\d+$/.test(word) ? Number(word) : undefined;
}

function parseMemory(lines: readonly string[]): MemoryFacts | undefined {
  const bytes = (name: string): number | undefined => {
    const line = lines.find((candidate) => candidate.startsWith(`${name} `));
    const kibibytes = parseCount(line?.slice(name.length + 1));
    return kibibytes === undefined ? undefined : kibibytes * 1024;
  };
  const [total, available] = [bytes('MemTotal'), bytes('MemAvailable')];
  if (total === undefined || available === undefined) return undefined;
  return { total, available, swapFree: bytes('SwapFree') ?? 0 };
}

/** `id memory caught blocked pidMode/"signal" name`; masks are hexadecimal, `-` is unknown, a signal may be `null`. */
function parseContainer(line: string, measured: number | undefined): ContainerFacts {
  const [, memory, caught = '-', blocked = '-', mode = '', name = ''] = line.split(' ');
  const isNumberOne = mode.startsWith('/');
  const stopSignal = /"(\w+)"$/.exec(mode)?.[1] ?? 'SIGTERM';
  const hearsStopSignal = inits.has(name) ? true : hears(stopSignal, caught, blocked);
  return {
    memory: parseCount(memory) ?? measured,
    first: isNumberOne && name !== '' ? { name, stopSignal, hearsStopSignal } : undefined,
  };
}

/** They wait for every signal in a way that /proc shows only while they handle one, and pass it on. */
const inits: ReadonlySet<string> = new Set(['docker-init', 'tini', 'dumb-init', 'catatonit']);

/** Numbers of the signals that people stop containers with (Linux, all architectures but MIPS). */
const signalNumbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  USR1: 10,
  USR2: 12,
  TERM: 15,
  WINCH: 28,
};

function hears(signal: string, caught: string, blocked: string): boolean | undefined {
  const number = parseCount(signal) ?? signalNumbers[signal.replace(/^SIG/, '')];
  if (number === undefined || !/^[0-9a-f]+$/.test(caught) || !/^[0-9a-f]+$/.test(blocked)) return undefined;
  const mask = BigInt(`0x${caught}`) | BigInt(`0x${blocked}`);
  return (mask & (1n << BigInt(number - 1))) !== 0n;
}

/** `<id> 52.3MiB / 1.9GiB`, as `docker stats` prints it. */
function parseSize(line: string): number | undefined {
  const match = /^\S+ ([\d.]+)([KMGT]?i?)B/i.exec(line);
  if (match === null) return undefined;
  const powers = ['', 'k', 'm', 'g', 't'];
  const unit = (match[2] ?? '').toLowerCase();
  return Math.round(Number(match[1]) * (unit.endsWith('i') ? 1024 : 1000) ** powers.indexOf(unit.replace('i', '')));
}

/** `role free(KiB) files freeFiles path`; a file system without a fixed number of files says 0 of them. */
function parseDisk(line: string): readonly DiskFacts[] {
  const [role, free, files, freeFiles, ...path] = line.split(' ');
  const kibibytes = parseCount(free);
  if (kibibytes === undefined || (role !== 'images' && role !== 'deploy-path')) return [];
  const hasFixedNumber = (parseCount(files) ?? 0) > 0;
  return [
    {
      role,
      path: path.join(' '),
      free: kibibytes * 1024,
      freeFiles: hasFixedNumber ? parseCount(freeFiles) : undefined,
    },
  ];
}

function parseLine(line: string): Json {
  try {
    return asObject(JSON.parse(line));
  } catch {
    return {};
  }
}

function parseNetwork(body: Json): ExistingNetwork {
  const pools = asList(asObject(body['IPAM'])['Config']);
  return {
    name: asText(body['Name']) ?? '',
    driver: asText(body['Driver']) ?? '',
    isInternal: body['Internal'] === true,
    isAttachable: body['Attachable'] === true,
    options: asTexts(body['Options']),
    labels: asTexts(body['Labels']),
    attached: Object.fromEntries(
      Object.entries(asObject(body['Containers'])).map(([id, endpoint]) => [
        id,
        asText(asObject(endpoint)['Name']) ?? id,
      ]),
    ),
    subnets: pools.flatMap((pool) => asText(asObject(pool)['Subnet']) ?? []),
  };
}

function parseVolume(body: Json): ExistingVolume {
  return {
    name: asText(body['Name']) ?? '',
    driver: asText(body['Driver']) ?? '',
    options: asTexts(body['Options']),
    labels: asTexts(body['Labels']),
  };
}

/** Compose's words: `Network x  Removed` (2.31 and newer, `--dry-run`), and its question about a volume's data. */
function parseRemade(text: string): ServerFacts['remade'] {
  const all = (pattern: RegExp): readonly string[] => [
    ...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? '')),
  ];
  return {
    networks: all(/Network "?([^\s"]+)"?\s+Remov(?:ing|ed)/g),
    volumes: all(/Volume "?([^\s"]+)"? exists but doesn.t match/g),
  };
}
