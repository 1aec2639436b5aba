import { join } from 'node:path';
import { LabError } from './error.ts';
import { withLabLock } from './lock.ts';
import { silentLog } from './log.ts';
import type { Log } from './log.ts';
import { prepareMachine } from './machine.ts';
import { describeNetwork } from './network.ts';
import { openPackageSource } from './packages.ts';
import type { LabPaths } from './paths.ts';
import { bootServer, destroyServer, FIRST_SERVER } from './server.ts';
import type { ServerPlace, ServerState } from './server.ts';
import { buildServerTree } from './server-tree.ts';
import type { Engine } from './server-tree.ts';
import { readState, writeState } from './state.ts';
import type { LabState } from './state.ts';

/** A server beside the first one, asked for by name. */
export interface ServerRequest {
  /** Lower-case letters, digits and `-`, 16 at most: also its host name. */
  readonly name: string;
  /** Default: the same as the first server's. */
  readonly engine?: Engine;
  /** Destroy one of that name first: what an earlier, killed test left there is gone. */
  readonly fresh?: boolean;
  readonly log?: Log;
}

/** Where the switch has room: .12 to .99. */
const FIRST_INDEX = 2;
const LAST_INDEX = 89;

/** Boots the named server of a running lab, or finds it running. The first `modern` one downloads its programs. */
export async function bootExtraServer(paths: LabPaths, request: ServerRequest): Promise<ServerState> {
  const { name, engine = 'default', log = silentLog } = request;
  if (!/^[a-z][a-z0-9-]{0,15}$/.test(name) || name === FIRST_SERVER.name)
    throw new LabError(`"${name}" cannot be the name of another server: a-z, 0-9 and -, 16 at most, not server1.`);
  return withLabLock(paths, log, async () => {
    const state = readRunning(paths);
    const network = describeNetwork(paths.id, state.prefix);
    const others = { ...state.extraServers };
    const existing = others[name];
    if (existing !== undefined && request.fresh === true) await destroyServer(paths, network, name, existing.index);
    else if (existing !== undefined && existing.engine !== engine)
      throw new LabError(`server ${name} has the engine ${existing.engine}, not ${engine}.`, {
        hint: 'Choose another name.',
      });
    const tree = await findTree(paths, state, engine, log);
    const place: ServerPlace = { name, engine, tree, index: existing?.index ?? findFreeIndex(Object.values(others)) };
    writeState(paths, { ...state, extraServers: { ...others, [name]: place } });
    const booted = await bootServer(paths, network, place);
    log(`server ${name} is up`);
    return booted;
  });
}

/** Power cut, then nothing of the server is left. Nothing happens where there is none of that name. */
export async function removeExtraServer(paths: LabPaths, name: string, log: Log = silentLog): Promise<void> {
  await withLabLock(paths, log, async () => {
    const state = readState(paths);
    const place = state?.extraServers?.[name];
    if (state === undefined || place === undefined) return;
    await destroyServer(paths, describeNetwork(paths.id, state.prefix), name, place.index);
    const others = Object.entries(state.extraServers ?? {}).filter(([other]) => other !== name);
    writeState(paths, { ...state, extraServers: Object.fromEntries(others) });
  });
}

/** The lowest place on the switch that no other server has. Exported for its tests. */
export function findFreeIndex(others: readonly Pick<ServerPlace, 'index'>[]): number {
  const used = new Set(others.map(({ index }) => index));
  for (let index = FIRST_INDEX; index <= LAST_INDEX; index += 1) if (!used.has(index)) return index;
  throw new LabError(`the lab has ${String(others.length)} extra servers, and no room for another.`);
}

function readRunning(paths: LabPaths): LabState {
  const state = readState(paths);
  if (state?.trees === undefined) throw new LabError(`no lab runs in ${paths.root}.`, { hint: 'npm run lab -- up' });
  return state;
}

async function findTree(paths: LabPaths, state: LabState, engine: Engine, log: Log): Promise<string> {
  if (engine === 'default' && state.trees !== undefined) return state.trees.server;
  const source = openPackageSource(join(paths.cache, 'apt'), log);
  return buildServerTree(engine, source, paths.cache, await prepareMachine(log));
}
