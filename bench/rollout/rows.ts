import { makeRow, median, type Row } from '../row.ts';
import type { Sighting } from './measure.ts';
import type { Deployed, Party } from './party.ts';
import type { Proxy } from './recipe.ts';

/** What is promised: see docs/benchmarks.md. */
export const TARGETS = { failed: 0, resets: 0, p99Growth: 1.5, totalGrowth: 1.15, commands: 20 } as const;

/** What the action may add to what the containers need, in ms, for one service at this round trip. */
export function overheadTargetMs(roundTripMs: number): number {
  return roundTripMs === 0 ? 1_500 : 4_000;
}

/** One deploy with users on it. */
export interface Loaded {
  readonly seen: Sighting;
  readonly deployed: Deployed;
}

/** How a peer is called in a row; said where it has no value. */
export function peerName(id: Party['id'], value: number | null): string {
  const name = id === 'up' ? 'docker compose up -d' : 'docker-rollout';
  return value === null ? `${name} (not given)` : name;
}

function worst(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

/** The rows of a case in which only we take part, and that must leave the old version: what is promised is that none fails. */
export function rowsOfSightings(name: string, proxy: Proxy, seen: readonly Sighting[]): readonly Row[] {
  const row = { case: name, peer: null, peerName: 'none' };
  const during = median(seen.map((one) => one.p99DuringMs));
  const before = median(seen.map((one) => one.p99BeforeMs));
  return [
    makeRow({ ...row, metric: 'failed_requests_worst', ours: worst(seen.map((one) => one.failed)), target: 0 }),
    ...rowsOfResets(row, proxy, seen, []),
    makeRow({ ...row, metric: 'p99_before_ms', ours: before }),
    makeRow({ ...row, metric: 'p99_during_ms', ours: during }),
  ];
}

/** Resets of kept client connections have rows of their own where the proxy reloads. */
function rowsOfResets(
  row: Pick<Row, 'case' | 'peerName'>,
  proxy: Proxy,
  ours: readonly Sighting[],
  peers: readonly Sighting[],
): readonly Row[] {
  const resets = (seen: readonly Sighting[]): number | null => worst(seen.map((one) => one.resets));
  const isPromised = proxy === 'nginx';
  if (!isPromised && resets(ours) === 0 && (resets(peers) ?? 0) === 0) return [];
  return [
    makeRow({ ...row, metric: 'client_resets_worst', ours: resets(ours), peer: resets(peers), target: TARGETS.resets }),
  ];
}

function p99Target(before: number | null): number {
  return (before ?? 0) * TARGETS.p99Growth;
}

/** What {@link rowsOfFloor} is about, for people. */
export const FLOOR_NAME = 'a container started and stopped beside, nothing replaced';

/** What users see of a mere start of a container, as the growth of p99: what a deploy cannot do without. Pure. */
export function rowsOfFloor(name: string, seen: readonly Sighting[]): readonly Row[] {
  if (seen.length === 0) return [];
  const row = { case: `${name}: ${FLOOR_NAME}`, peer: null, peerName: 'none' };
  return [
    makeRow({ ...row, metric: 'p99_before_ms', ours: median(seen.map((one) => one.p99BeforeMs)) }),
    makeRow({ ...row, metric: 'p99_during_ms', ours: median(seen.map((one) => one.p99DuringMs)) }),
    makeRow({ ...row, metric: 'p99_growth_ratio', ours: median(seen.map(growthOf)) }),
  ];
}

/** p99 during a change as a multiple of the one before it, in the same run. */
function growthOf({ p99BeforeMs, p99DuringMs }: Sighting): number {
  return p99DuringMs / Math.max(p99BeforeMs, 0.1);
}

/** The rows of one deploy case: ours next to each peer. Pure. */
export function rowsOfDeploys(
  name: string,
  proxy: Proxy,
  results: readonly (readonly [Party, readonly Loaded[]])[],
): readonly Row[] {
  const of = (id: Party['id']): readonly Loaded[] => results.find(([party]) => party.id === id)?.[1] ?? [];
  return (['up', 'rollout'] as const).flatMap((id) => rowsAgainst(name, proxy, of('ours'), id, of(id)));
}

function rowsAgainst(
  name: string,
  proxy: Proxy,
  ours: readonly Loaded[],
  id: 'up' | 'rollout',
  peer: readonly Loaded[],
): readonly Row[] {
  const row = { case: name, peerName: peerName(id, peer.length === 0 ? null : 1) };
  const both = (
    join: (values: readonly number[]) => number | null,
    pick: (one: Loaded) => number,
  ): { readonly ours: number | null; readonly peer: number | null } => ({
    ours: join(ours.map(pick)),
    peer: join(peer.map(pick)),
  });
  const seconds = both(median, ({ deployed }) => deployed.totalMs / 1_000);
  const before = both(median, ({ seen }) => seen.p99BeforeMs);
  const rival = id === 'rollout' ? seconds.peer : null;
  return [
    makeRow({ ...row, metric: 'failed_requests', ...both(median, ({ seen }) => seen.failed) }),
    makeRow({
      ...row,
      metric: 'failed_requests_worst',
      ...both(worst, ({ seen }) => seen.failed),
      target: TARGETS.failed,
    }),
    ...rowsOfResets(
      row,
      proxy,
      ours.map(({ seen }) => seen),
      peer.map(({ seen }) => seen),
    ),
    makeRow({ ...row, metric: 'p99_before_ms', ...before }),
    makeRow({
      ...row,
      metric: 'p99_during_ms',
      ...both(median, ({ seen }) => seen.p99DuringMs),
      target: p99Target(before.ours),
    }),
    makeRow({ ...row, metric: 'p99_growth_ratio', ...both(median, ({ seen }) => growthOf(seen)) }),
    makeRow({
      ...row,
      metric: 'total_s',
      ...seconds,
      ...(rival === null ? {} : { target: rival * TARGETS.totalGrowth }),
    }),
  ];
}
