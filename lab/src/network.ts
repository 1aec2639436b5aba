import { existsSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { createServer } from 'node:net';
import { runCommand } from './command.ts';
import { LabError } from './error.ts';

/**
 * One /24 of the lab: the machine is .1, servers are .11 and up. A switch in a network namespace of its own joins them,
 * because the machine's own one may have firewall rules for bridges (Docker's FORWARD policy is DROP).
 */
export interface Network {
  /** `10.211.7`: the first three bytes. */
  readonly prefix: string;
  /** The machine's address in it, where registries listen. */
  readonly gateway: string;
  readonly switchName: string;
  readonly hostInterface: string;
}

const NAMESPACES = '/run/netns';
const FIRST_SECOND_BYTE = 211;
const LAST_SECOND_BYTE = 219;

/** The names are of the lab's id; the subnet is the first free one, tried from a place that depends on the id. */
export async function planNetwork(id: string): Promise<Network> {
  const used = await readUsedNetworks();
  const span = (LAST_SECOND_BYTE - FIRST_SECOND_BYTE + 1) * 256;
  const start = Number.parseInt(id, 16) % span;
  for (let step = 0; step < span; step += 1) {
    const slot = (start + step) % span;
    const prefix = `10.${String(FIRST_SECOND_BYTE + Math.floor(slot / 256))}.${String(slot % 256)}`;
    if (!isUsed(prefix, used)) return describeNetwork(id, prefix);
  }
  throw new LabError('every 10.211.0.0 to 10.219.255.0 network is in use on this machine.');
}

export function describeNetwork(id: string, prefix: string): Network {
  return { prefix, gateway: `${prefix}.1`, switchName: `dal${id}-sw`, hostInterface: `dl${id}r` };
}

/** Makes the switch and the machine's own leg. Does nothing where both are there. */
export async function createNetwork(network: Network): Promise<void> {
  const existing = networkInterfaces()[network.hostInterface];
  if (existing?.some(({ address }) => address === network.gateway) === true) return;
  await removeNetwork(network);
  const inSwitch = ['ip', '-n', network.switchName];
  await runCommand(['ip', 'netns', 'add', network.switchName]);
  await runCommand([...inSwitch, 'link', 'add', 'br0', 'type', 'bridge']);
  await runCommand([...inSwitch, 'link', 'set', 'br0', 'up']);
  await runCommand([
    'ip',
    'link',
    'add',
    network.hostInterface,
    'type',
    'veth',
    'peer',
    'name',
    'machine',
    'netns',
    network.switchName,
  ]);
  await runCommand([...inSwitch, 'link', 'set', 'machine', 'master', 'br0', 'up']);
  await runCommand(['ip', 'addr', 'add', `${network.gateway}/24`, 'dev', network.hostInterface]);
  await runCommand(['ip', 'link', 'set', network.hostInterface, 'up']);
}

export async function removeNetwork(network: Pick<Network, 'switchName' | 'hostInterface'>): Promise<void> {
  // The interface goes first: a namespace frees its end of a pair only some time after it is deleted.
  await runCommand(['ip', 'link', 'del', network.hostInterface], { allowFailure: true });
  await runCommand(['ip', 'netns', 'del', network.switchName], { allowFailure: true });
  await forgetNamespaces();
}

/** The first `ip netns add` of a machine makes NAMESPACES a mount; without a namespace in it, nobody needs that. */
async function forgetNamespaces(): Promise<void> {
  if (!existsSync(NAMESPACES) || readdirSync(NAMESPACES).length > 0) return;
  // Both fail, rightly, where somebody has just made one.
  await runCommand(['umount', NAMESPACES], { allowFailure: true });
  await runCommand(['rmdir', NAMESPACES], { allowFailure: true });
}

/** One server's place on the switch. */
export interface Leg {
  readonly namespace: string;
  readonly address: string;
  readonly mac: string;
  /** The switch's end of the cable. */
  readonly port: string;
}

export function describeLeg(id: string, network: Network, index: number): Leg {
  const last = String(10 + index);
  return {
    namespace: `dal${id}-s${String(index)}`,
    address: `${network.prefix}.${last}`,
    // The last byte is written in decimal digits, so servers end at .99. Fixed: with a new one at each boot the server would be unreachable until old ARP entries expire.
    mac: `02:00:00:00:00:${last}`,
    port: `s${String(index)}`,
  };
}

/** A new, empty network namespace for a server, plugged into the switch. Whatever an earlier boot left is gone. */
export async function plugLeg(network: Network, leg: Leg): Promise<void> {
  await unplugLeg(network, leg);
  const inLeg = ['ip', '-n', leg.namespace];
  await runCommand(['ip', 'netns', 'add', leg.namespace]);
  await runCommand([
    'ip',
    '-n',
    network.switchName,
    'link',
    'add',
    leg.port,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    leg.namespace,
  ]);
  await runCommand(['ip', '-n', network.switchName, 'link', 'set', leg.port, 'master', 'br0', 'up']);
  await runCommand([...inLeg, 'link', 'set', 'eth0', 'address', leg.mac]);
  await runCommand([...inLeg, 'addr', 'add', `${leg.address}/24`, 'dev', 'eth0']);
  await runCommand([...inLeg, 'link', 'set', 'eth0', 'up']);
  await runCommand([...inLeg, 'link', 'set', 'lo', 'up']);
}

export async function unplugLeg(
  network: Pick<Network, 'switchName'>,
  leg: Pick<Leg, 'namespace' | 'port'>,
): Promise<void> {
  await runCommand(['ip', '-n', network.switchName, 'link', 'del', leg.port], { allowFailure: true });
  await runCommand(['ip', 'netns', 'del', leg.namespace], { allowFailure: true });
}

/** The namespaces of all servers of a lab, whatever started them. */
export async function removeLegs(id: string): Promise<void> {
  const isLeg = new RegExp(`^dal${id}-s\\d+$`);
  const names = existsSync(NAMESPACES) ? readdirSync(NAMESPACES).filter((name) => isLeg.test(name)) : [];
  for (const name of names) await runCommand(['ip', 'netns', 'del', name], { allowFailure: true });
}

/** Free TCP ports on an address, each different. They are free when asked for; the lab's address is the lab's alone. */
export async function findFreePorts(address: string, count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, address, () => {
            const bound = server.address();
            if (typeof bound === 'object' && bound !== null) resolve(bound.port);
            else reject(new LabError(`no port on ${address}`));
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Networks that a route or an address of this machine claims. Wider ones than a /12 lose against our /24 anyway. */
async function readUsedNetworks(): Promise<readonly Range[]> {
  const routes = await runCommand(['ip', '-4', 'route', 'show', 'table', 'all']);
  const addresses = await runCommand(['ip', '-4', 'addr', 'show']);
  return parseNetworks(`${routes.stdout}\n${addresses.stdout}`);
}

interface Range {
  readonly base: number;
  readonly bits: number;
}

/** Every IPv4 address or network in the output of `ip route` or `ip addr`. */
export function parseNetworks(text: string): readonly Range[] {
  return [...text.matchAll(/\b(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?/g)]
    .map(([, a, b, c, d, bits]) => ({ base: toNumber([a, b, c, d]), bits: bits === undefined ? 32 : Number(bits) }))
    .filter(({ bits }) => bits >= 12);
}

export function isUsed(prefix: string, used: readonly Range[]): boolean {
  const own = toNumber([...prefix.split('.'), '0']);
  return used.some(({ base, bits }) => {
    const size = 2 ** (32 - Math.min(bits, 24));
    return Math.floor(own / size) === Math.floor(base / size);
  });
}

function toNumber(bytes: readonly (string | undefined)[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + Number(byte ?? 0), 0);
}
