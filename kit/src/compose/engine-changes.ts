import { noResult, type PartResult } from '../host/batch.ts';
import type { EngineQuestion } from '../host/engine-client.ts';
import type { EngineGate } from '../host/engine-door.ts';
import { asObject } from '../json/json.ts';
import { readEngineVersion, unexpected } from './engine-api.ts';

/**
 * What Docker's CLI would ask of the engine, as `act` of a part. Each rejects unless it is done, or was done already: then
 * the part's command is run, and the CLI tells what is wrong.
 */
type Done = Promise<PartResult>;

function noClientNeeded(): Error {
  return new Error('this engine may kill what it stops when the connection breaks');
}

async function change(
  engine: EngineGate,
  question: EngineQuestion,
  fine: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const { status } = await engine.send(question, signal);
  if (!fine.includes(status)) throw unexpected(question.path, status);
}

/** `docker start`, one after another. */
export async function startContainers(engine: EngineGate, ids: readonly string[], signal: AbortSignal): Done {
  for (const id of ids) await change(engine, { method: 'POST', path: `/containers/${id}/start` }, [204, 304], signal);
  return noResult;
}

/**
 * Whether a stop goes on to the end of its grace period when the connection that asked for it breaks: moby's containerStop
 * knows no request up to 22, and none that can be cancelled from 25 on; in early 23 and 24 the container was killed at once
 * (moby#45731). Pure.
 */
export function outlivesItsClient(version: unknown): boolean {
  const major = Number(/^(\d+)\./.exec(readEngineVersion(version)?.engine ?? '')?.[1]);
  return major <= 22 || major >= 25;
}

/** `docker stop` with the container's own signal and grace period. */
export async function stopContainer(engine: EngineGate, id: string, signal: AbortSignal): Done {
  if (!outlivesItsClient(engine.version)) throw noClientNeeded();
  await change(engine, { method: 'POST', path: `/containers/${id}/stop` }, [204, 304], signal);
  return noResult;
}

/** `docker rm --force`; one that is gone is fine. */
export async function removeContainers(engine: EngineGate, ids: readonly string[], signal: AbortSignal): Done {
  for (const id of ids)
    await change(engine, { method: 'DELETE', path: `/containers/${id}?force=1` }, [204, 404], signal);
  return noResult;
}

/** `docker update --restart=no`. */
export async function keepDown(engine: EngineGate, id: string, signal: AbortSignal): Done {
  const body = { RestartPolicy: { Name: 'no', MaximumRetryCount: 0 } };
  await change(engine, { method: 'POST', path: `/containers/${id}/update`, body }, [200], signal);
  return noResult;
}

/** `docker network disconnect`. */
export async function leaveNetwork(engine: EngineGate, network: string, id: string, signal: AbortSignal): Done {
  const path = `/networks/${encodeURIComponent(network)}/disconnect`;
  await change(engine, { method: 'POST', path, body: { Container: id } }, [200], signal);
  return noResult;
}

/** `docker network connect --alias …`, with the same settings that the CLI sends. */
export async function joinNetwork(
  engine: EngineGate,
  network: string,
  id: string,
  aliases: readonly string[],
  signal: AbortSignal,
): Done {
  const path = `/networks/${encodeURIComponent(network)}/connect`;
  const body = { Container: id, EndpointConfig: { IPAMConfig: {}, Aliases: aliases } };
  await change(engine, { method: 'POST', path, body }, [200], signal);
  return noResult;
}

/** What a container ended with, as `docker inspect` prints it. */
export async function askExitCode(engine: EngineGate, id: string, signal: AbortSignal): Promise<string> {
  const { status, body } = await engine.get(`/containers/${id}/json`, signal);
  if (status !== 200) throw unexpected(id, status);
  return String(asObject(asObject(body)['State'])['ExitCode']);
}
