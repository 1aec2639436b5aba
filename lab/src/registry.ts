import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificate } from './certificate.ts';
import { runCommand } from './command.ts';
import { findDaemon, startDaemon, stopDaemon } from './daemon.ts';
import { writeWhole } from './file.ts';
import { findFreePorts } from './network.ts';
import type { Network } from './network.ts';
import type { LabPaths } from './paths.ts';
import { fetchStatus, waitUntil } from './poll.ts';
import type { TokenSettings } from './token.ts';

export const REGISTRY_KINDS = ['anonymous', 'htpasswd', 'bearer'] as const;
export type RegistryKind = (typeof REGISTRY_KINDS)[number];

/** One registry as other processes see it: plain data, kept in state.json. */
export interface RegistryState {
  /** `ip:port`, the same from the machine, the server and its engine. Plain http. */
  readonly address: string;
  /** May pull and push. Absent: no account is needed. */
  readonly username?: string;
  readonly password?: string;
  /** May pull only. */
  readonly readOnlyUsername?: string;
  readonly readOnlyPassword?: string;
}

export type RegistryStates = Readonly<Record<RegistryKind, RegistryState>>;

/** Repositories that the bearer registry shows to anybody, as GHCR does with public packages. */
export const PUBLIC_PREFIX = 'public/';
const TOKEN_SERVER = 'token-server';
const SERVICE = 'lab-registry';
const ISSUER = 'lab-issuer';

/** New ports and passwords. Made once per `up` of an empty lab, then kept in state.json. */
export async function planRegistries(
  network: Network,
): Promise<{ readonly registries: RegistryStates; readonly tokenPort: number }> {
  const [anonymous = 0, htpasswd = 0, bearer = 0, tokenPort = 0] = await findFreePorts(network.gateway, 4);
  const at = (port: number): string => `${network.gateway}:${String(port)}`;
  const secret = (): string => `lab-${randomBytes(12).toString('hex')}`;
  return {
    tokenPort,
    registries: {
      anonymous: { address: at(anonymous) },
      htpasswd: {
        address: at(htpasswd),
        username: 'ci',
        password: secret(),
        readOnlyUsername: 'reader',
        readOnlyPassword: secret(),
      },
      bearer: {
        address: at(bearer),
        username: 'pusher',
        password: secret(),
        readOnlyUsername: 'puller',
        readOnlyPassword: secret(),
      },
    },
  };
}

/** Starts what does not run yet: three registries over one storage folder, and the token server of the third. */
export async function startRegistries(
  paths: LabPaths,
  tools: string,
  registries: RegistryStates,
  tokenPort: number,
): Promise<void> {
  mkdirSync(join(paths.registry, 'storage'), { recursive: true });
  await writePasswords(paths, tools, registries.htpasswd);
  if (findDaemon(paths, TOKEN_SERVER) === undefined) {
    // A new token server signs with a new key, which only a new registry knows.
    await stopDaemon(paths, daemonOf('bearer'));
    startTokenServer(paths, registries.bearer, tokenPort);
  }
  for (const kind of REGISTRY_KINDS) {
    if (findDaemon(paths, daemonOf(kind)) !== undefined) continue;
    const file = join(paths.registry, `${kind}.json`);
    writeWhole(file, JSON.stringify(describeConfig(paths, kind, registries, tokenPort), null, 2));
    startDaemon(paths, daemonOf(kind), [join(tools, 'usr/bin/docker-registry'), 'serve', file], {
      OTEL_TRACES_EXPORTER: 'none',
      // It takes a buffer of 4 MiB for each blob it reads: collecting those is half of what it costs by default.
      GOGC: '800',
    });
  }
  for (const kind of REGISTRY_KINDS) {
    await waitUntil(`the ${kind} registry answering`, () => isRegistryReady(registries[kind]), 120_000);
  }
}

export async function isRegistryReady(registry: RegistryState): Promise<boolean> {
  const [host = '', port = ''] = registry.address.split(':');
  const status = await fetchStatus({ host, port: Number(port), path: '/v2/' });
  return status === 200 || status === 401;
}

export async function stopRegistries(paths: LabPaths): Promise<void> {
  await Promise.all([...REGISTRY_KINDS.map(daemonOf), TOKEN_SERVER].map((name) => stopDaemon(paths, name)));
}

export function daemonOf(kind: RegistryKind): string {
  return `registry-${kind}`;
}

/** One request that a registry answered. */
export interface RegistryRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly userAgent: string;
}

/** Requests since the start of the lab, oldest first. */
export function readRequests(paths: LabPaths, kind: RegistryKind): readonly RegistryRequest[] {
  const file = join(paths.logs, `${daemonOf(kind)}.log`);
  return existsSync(file) ? parseAccessLog(readFileSync(file, 'utf8')) : [];
}

/** Reads Apache's combined format, which the registry writes among other lines. */
export function parseAccessLog(text: string): readonly RegistryRequest[] {
  return [...text.matchAll(/^\S+ - \S+ \[[^\]]*\] "([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3}) \d+ "[^"]*" "([^"]*)"/gm)].map(
    ([, method = '', path = '', status = '', userAgent = '']) => ({ method, path, status: Number(status), userAgent }),
  );
}

function describeConfig(paths: LabPaths, kind: RegistryKind, registries: RegistryStates, tokenPort: number): unknown {
  const auth = {
    anonymous: undefined,
    htpasswd: { htpasswd: { realm: 'lab', path: passwordsOf(paths) } },
    bearer: {
      token: {
        realm: `http://${registries.bearer.address.split(':')[0] ?? ''}:${String(tokenPort)}/token`,
        service: SERVICE,
        issuer: ISSUER,
        rootcertbundle: join(paths.registry, 'token.pem'),
      },
    },
  }[kind];
  return {
    version: '0.1',
    log: { level: 'warn', formatter: 'text', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(paths.registry, 'storage') }, delete: { enabled: true } },
    http: { addr: registries[kind].address, secret: paths.id },
    ...(auth === undefined ? {} : { auth }),
  };
}

function startTokenServer(paths: LabPaths, registry: RegistryState, port: number): void {
  const certificate = createCertificate(ISSUER);
  writeWhole(join(paths.registry, 'token.pem'), certificate.certificatePem);
  const settings: TokenSettings = {
    host: registry.address.split(':')[0] ?? '',
    port,
    issuer: ISSUER,
    ...certificate,
    users: [
      { username: registry.username ?? '', password: registry.password ?? '', canPush: true },
      { username: registry.readOnlyUsername ?? '', password: registry.readOnlyPassword ?? '', canPush: false },
    ],
    publicPrefixes: [PUBLIC_PREFIX],
  };
  const file = join(paths.registry, 'token-server.json');
  writeWhole(file, JSON.stringify(settings), 0o600);
  startDaemon(paths, TOKEN_SERVER, [process.execPath, join(import.meta.dirname, 'token-server.ts'), file]);
}

async function writePasswords(paths: LabPaths, tools: string, registry: RegistryState): Promise<void> {
  const accounts = [
    [registry.username ?? '', registry.password ?? ''],
    [registry.readOnlyUsername ?? '', registry.readOnlyPassword ?? ''],
  ] as const;
  const lines: string[] = [];
  for (const [username, password] of accounts) {
    // The registry takes bcrypt only; Node has none, Debian's mkpasswd has. The password goes in by stdin.
    const { stdout } = await runCommand(['chroot', tools, '/usr/bin/mkpasswd', '-s', '-m', 'bcrypt', '-R', '5'], {
      stdin: `${password}\n`,
    });
    lines.push(`${username}:${stdout.trim()}`);
  }
  writeWhole(passwordsOf(paths), `${lines.join('\n')}\n`, 0o600);
}

function passwordsOf(paths: LabPaths): string {
  return join(paths.registry, 'htpasswd');
}
