import type { Container } from '@deploy-actions/kit/compose/container';
import { askAttachments } from '@deploy-actions/kit/compose/engine-api';
import { joinNetwork, leaveNetwork } from '@deploy-actions/kit/compose/engine-changes';
import { noResult, type BatchPart, type PartResult } from '@deploy-actions/kit/host/batch';
import type { EngineDoor } from '@deploy-actions/kit/host/engine-door';
import type { Attachment } from './route-facts.ts';
import type { ServiceRoute } from './route-plan.ts';
import type { RouteWork } from './route-work.ts';
import type { RoutePart } from './route.ts';

/** $1 count of networks, then the networks, then containers. A container that is on none of them is fine. */
const leaveScript = `
count=$1; shift
nets=
while [ "$count" -gt 0 ]; do nets="$nets $1"; shift; count=$((count - 1)); done
for id; do
  for net in $nets; do
    said=$(docker network disconnect "$net" "$id" 2>&1) || case $said in
      *"is not connected to"*) ;;
      *) printf '%s\\n' "$said" >&2; exit 1 ;;
    esac
  done
done`;

/**
 * For each network: its name, container id, count of aliases, aliases; over and over.
 */
const joinScript = `
while [ $# -gt 0 ]; do
  net=$1 id=$2 count=$3; shift 3
  flags=
  while [ "$count" -gt 0 ]; do flags="$flags --alias $1"; shift; count=$((count - 1)); done
  said=$(docker network connect $flags "$net" "$id" 2>&1) || case $said in
    *"already exists in network"*|*"already attached"*) ;;
    *) printf '%s\\n' "$said" >&2; exit 1 ;;
  esac
done`;

/** Pairs of network and container id. Proved by the address that Docker shows; its DNS answers from the same record. */
const joinedScript = `
while [ $# -gt 0 ]; do
  ip=$(docker inspect -f "{{with index .NetworkSettings.Networks \\"$1\\"}}{{.IPAddress}}{{.GlobalIPv6Address}}{{end}}" "$2") || exit 1
  [ -n "$ip" ] || { echo "$1 gave $2 no address" >&2; exit 1; }
  shift 2
done`;

/** Created containers leave the networks that they join once healthy (ADR 0006). They are not started yet. */
export function leaveNetworks(route: ServiceRoute, containers: readonly Container[]): readonly BatchPart[] {
  const names = route.lateNetworks.map(({ dockerName }) => dockerName);
  if (names.length === 0 || containers.length === 0) return [];
  const args = [String(names.length), ...names, ...containers.map(({ id }) => id)];
  const act: BatchPart['act'] = async (engine, signal) => {
    for (const { id } of containers) for (const name of names) await leaveNetwork(engine, name, id, signal);
    return noResult;
  };
  return [{ purpose: `keep ${route.service} off ${names.join(', ')}`, source: leaveScript, args, act }];
}

/** They join, under every name that Compose would have given them. */
export function joinNetworks(
  { log }: RouteWork,
  route: ServiceRoute,
  containers: readonly Container[],
): readonly RoutePart[] {
  const pairs = containers.flatMap((container) => route.lateNetworks.map((network) => ({ container, network })));
  if (pairs.length === 0) return [];
  const args = pairs.flatMap(({ container, network }) => {
    const aliases = aliasesOf(route.service, container, network);
    return [network.dockerName, container.id, String(aliases.length), ...aliases];
  });
  const names = route.lateNetworks.map(({ network }) => network).join(', ');
  const onDone = (): void => {
    log(`${route.service}: ${containers.map(({ name }) => name).join(', ')} joined ${names}`);
  };
  const looked = pairs.map(({ container, network }) => ({ id: container.id, network: network.dockerName }));
  return [
    {
      purpose: `join ${route.service} to ${names}`,
      source: joinScript,
      args,
      act: async (engine, signal) => {
        for (const { container, network } of pairs) {
          const aliases = aliasesOf(route.service, container, network);
          await joinNetwork(engine, network.dockerName, container.id, aliases, signal);
        }
        return noResult;
      },
    },
    {
      purpose: `look at ${route.service} in ${names}`,
      source: joinedScript,
      args: looked.flatMap(({ id, network }) => [network, id]),
      ask: (engine, signal) => askJoined(engine, looked, signal),
      onDone,
    },
  ];
}

async function askJoined(
  engine: EngineDoor,
  looked: readonly { readonly id: string; readonly network: string }[],
  signal: AbortSignal,
): Promise<PartResult> {
  for (const { id, network } of looked) {
    const attachments = await askAttachments(engine, id, signal);
    if (!attachments.some(({ name, addresses }) => name === network && addresses.length > 0))
      return { code: 1, stdout: '', stderr: `${network} gave ${id} no address` };
  }
  return { code: 0, stdout: '', stderr: '' };
}

/** As Compose names a container in a network; Docker adds its short id by itself. */
export function aliasesOf(service: string, container: Container, network: Attachment): readonly string[] {
  return [...new Set([container.name, service, ...network.aliases])];
}
