import { describeThrown } from '@deploy-actions/kit/action/errors';
import type { ExecResult, Host } from '@deploy-actions/kit/host/host';
import type { Clock } from '@deploy-actions/kit/time/clock';

/** Free and whole size of a file system. */
export interface Room {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** undefined: the file system does not count them. */
  readonly freeInodesPercent: number | undefined;
}

/** A running container that publishes a port, or whose image is a proxy's. */
export interface SeenContainer {
  readonly name: string;
  readonly image: string;
  /** As `docker ps` prints them: `0.0.0.0:80->80/tcp`. */
  readonly ports: string;
}

/** What Docker said of itself; a text where it did not answer. */
export type DockerFacts =
  | {
      readonly engine: string;
      readonly platform: string;
      readonly compose: string;
      readonly rootDir: string;
      readonly room: Room | undefined;
      readonly containers: readonly SeenContainer[];
    }
  | { readonly refusal: string };

export type FolderState = 'writable' | 'missing' | 'not-writable' | 'no-folder';

/** What one look at a server found before anything was ever deployed there; nothing of it is judged yet. */
export interface CheckupFacts {
  readonly system: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly missingTools: readonly string[];
  readonly folder: FolderState;
  readonly folderRoom: Room | undefined;
  readonly memory:
    { readonly totalBytes: number; readonly availableBytes: number; readonly swapBytes: number } | undefined;
  /** `ssh-ed25519 AAAA…`, from the server's own files. */
  readonly hostKeys: readonly string[];
  /** How far its clock is ahead of the runner's; what the answer took is not counted. */
  readonly clockAheadSeconds: number;
  readonly docker: DockerFacts;
}

/** Shared by the scripts below: parts begin with a line `@name`; the file system of a path, or of what is there of it. */
const functions = `
part() { printf '@%s\\n' "$1"; }
room() {
  at=$1
  while [ ! -e "$at" ]; do at=$(dirname "$at"); done
  part room
  df -Pk "$at" 2>/dev/null | awk 'NR == 2 { print $2, $4 }'
  df -Pi "$at" 2>/dev/null | awk 'NR == 2 { print $2, $4 }'
}`;

/** $1 deploy path. Needs no Docker, and nothing but a shell and coreutils. */
const systemScript = `${functions}
part time; date +%s
part system; (. /etc/os-release 2>/dev/null && printf '%s ' "$PRETTY_NAME"); uname -m
part user; id -un
part groups; id -Gn
part missing; for tool in sha256sum find xargs tar awk sed flock; do command -v "$tool" >/dev/null 2>&1 || echo "$tool"; done
part folder
if [ ! -e "$1" ]; then echo missing; elif [ ! -d "$1" ]; then echo no-folder; elif [ -w "$1" ] && [ -x "$1" ]; then echo writable; else echo not-writable; fi
room "$1"
part memory; awk '/^(MemTotal|MemAvailable|SwapTotal):/ { print $1, $2 }' /proc/meminfo 2>/dev/null
part keys; cat /etc/ssh/ssh_host_*_key.pub 2>/dev/null | awk '{ print $1, $2 }'
exit 0`;

/** The same for what Docker knows (where its folder is on this machine): a part of its own, because a hung dockerd must not hide the rest. */
const dockerScript = `${functions}
part engine; docker version --format '{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}' 2>&1 || exit 1
part compose; docker compose version --short 2>/dev/null
part root; root=$(docker info --format '{{.DockerRootDir}}'); printf '%s\\n' "$root"
[ ! -e "$root" ] || room "$root"
part containers; docker ps --format '{{.Names}}\\t{{.Image}}\\t{{.Ports}}'
exit 0`;

/** Looks at a server; takes no lease and leaves nothing behind. */
export async function readCheckupFacts(host: Host, deployPath: string, clock: Clock): Promise<CheckupFacts> {
  const before = clock.date().getTime() / 1000;
  const system = await host.script(systemScript, [deployPath], { timeoutMs: 30_000 });
  const after = clock.date().getTime() / 1000;
  const docker = await host
    .script(dockerScript, [], { timeoutMs: 30_000 })
    .then(parseDockerFacts, (thrown: unknown) => ({ refusal: describeThrown(thrown) }));
  return { ...parseSystemFacts(system.stdout, before, after), docker };
}

/** Pure: the output of the first script. `before` and `after`: when it was asked and had answered, in seconds. */
export function parseSystemFacts(stdout: string, before: number, after: number): Omit<CheckupFacts, 'docker'> {
  const parts = readParts(stdout);
  const one = (name: string): string => parts.get(name)?.[0] ?? '';
  const folder = (['writable', 'missing', 'no-folder'] as const).find((state) => state === one('folder'));
  return {
    system: one('system').trim(),
    user: one('user'),
    groups: one('groups').split(' '),
    missingTools: parts.get('missing') ?? [],
    folder: folder ?? 'not-writable',
    folderRoom: readRoom(parts.get('room')),
    memory: readMemory(parts.get('memory') ?? []),
    hostKeys: parts.get('keys') ?? [],
    clockAheadSeconds: measureClock(Number(one('time')), before, after),
  };
}

/** Zero where the answer fits between the two times of the runner; the server counts whole seconds. */
function measureClock(seconds: number, before: number, after: number): number {
  if (seconds > after) return Math.round(seconds - after);
  return seconds < Math.floor(before) ? Math.round(seconds - before) : 0;
}

/** Pure: the output of the second script. */
export function parseDockerFacts({
  code,
  stdout,
  stderr,
}: Pick<ExecResult, 'code' | 'stdout' | 'stderr'>): DockerFacts {
  const parts = readParts(stdout);
  const one = (name: string): string => parts.get(name)?.[0] ?? '';
  const [engine = '', platform = ''] = one('engine').split(' ');
  if (code !== 0) return { refusal: parts.get('engine')?.at(-1) ?? (stderr.trim() || 'docker gave no answer') };
  return {
    engine,
    platform,
    compose: one('compose').replace(/^v/, ''),
    rootDir: one('root'),
    room: readRoom(parts.get('room')),
    containers: (parts.get('containers') ?? []).map((line) => {
      const [name = '', image = '', ports = ''] = line.split('\t');
      return { name, image, ports };
    }),
  };
}

function readParts(stdout: string): ReadonlyMap<string, readonly string[]> {
  const parts = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of stdout.split('\n')) {
    if (line.startsWith('@')) parts.set(line.slice(1), (lines = []));
    else if (line !== '') lines.push(line);
  }
  return parts;
}

function readRoom(lines: readonly string[] = []): Room | undefined {
  const [[total = NaN, free = NaN] = [], [inodes = 0, freeInodes = 0] = []] = lines.map((line) =>
    line.split(' ').map(Number),
  );
  if (Number.isNaN(total) || Number.isNaN(free)) return undefined;
  const freeInodesPercent = inodes > 0 ? Math.floor((100 * freeInodes) / inodes) : undefined;
  return { totalBytes: total * 1024, freeBytes: free * 1024, freeInodesPercent };
}

function readMemory(lines: readonly string[]): CheckupFacts['memory'] {
  const values = new Map(lines.map((line) => [line.split(':')[0], Number(line.split(' ')[1]) * 1024]));
  const total = values.get('MemTotal');
  const available = values.get('MemAvailable');
  if (total === undefined || available === undefined) return undefined;
  return { totalBytes: total, availableBytes: available, swapBytes: values.get('SwapTotal') ?? 0 };
}
