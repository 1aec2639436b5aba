import { composeFromModel } from '@deploy-actions/kit/compose/compose-cli';
import { HostError, lastLines, type ExecResult } from '@deploy-actions/kit/host/host';
import { MigrateError } from './error.ts';
import { interruptionOf } from './interruption.ts';
import { findOneOff, type OneOff } from './one-off.ts';
import { isConnectionLoss } from './reconnecting-host.ts';
import type { RunDoor } from './run-door.ts';
import { runArguments, type OneOffStep } from './run-plan.ts';

/** A container that runs (or ran) the step's command, or Docker's reason for not starting it. */
export type Start =
  | { readonly kind: 'started' }
  | { readonly kind: 'refused'; readonly exitCode: number; readonly said: readonly string[] };

const startTimeoutMs = 120_000;
/** Docker's own code for "the daemon could not do it". */
const daemonFailure = 125;

/**
 * Starts a step's container from the resolved model. The fixed name makes a second start of the same step impossible,
 * so a connection that breaks here is followed by a look, and by one more try if nothing was started.
 * @throws MigrateError SSH_LOST, CANCELLED, LEASE_LOST when nobody can say whether it was started
 */
export async function startOneOff(door: RunDoor, step: OneOffStep): Promise<Start> {
  try {
    return await startAndLook(door, step);
  } catch (thrown) {
    if (!(thrown instanceof HostError)) throw thrown;
    const interruption = interruptionOf(door.signal, thrown);
    const what = interruption === undefined ? thrown.message : `${door.host.name}: ${interruption.what}.`;
    throw new MigrateError({
      code: interruption?.code ?? 'SSH_LOST',
      message: `${what} Whether the container ${step.containerName} was started is unknown.`,
      hint: `${interruption?.advice ?? ''}Run the job again: it attaches to that container if it exists, or starts the command.`,
      cause: thrown,
    });
  }
}

async function startAndLook(door: RunDoor, step: OneOffStep): Promise<Start> {
  const first = await tryStart(door, step);
  if (first !== undefined) return judgeStart(first, await findOneOff(door.host, step.containerName));
  door.warn(`The connection to ${door.host.name} broke while ${step.containerName} was being started. Looking again.`);
  const seen = await findOneOff(door.host, step.containerName);
  if (seen !== undefined && seen.state !== 'created') return { kind: 'started' };
  if (seen !== undefined) await door.host.exec(['docker', 'rm', '--force', step.containerName]);
  const second = await runDetached(door, step);
  return judgeStart(second, await findOneOff(door.host, step.containerName));
}

async function tryStart(door: RunDoor, step: OneOffStep): Promise<ExecResult | undefined> {
  try {
    return await runDetached(door, step);
  } catch (thrown) {
    if (isConnectionLoss(thrown)) return undefined;
    throw thrown;
  }
}

function runDetached(door: RunDoor, step: OneOffStep): Promise<ExecResult> {
  const argv = composeFromModel(door.model, door.settings, runArguments(door.plan, step));
  return door.host.exec(argv, { stdin: door.model.text, timeoutMs: startTimeoutMs, signal: door.signal });
}

/**
 * What really happened is what the container shows: `docker compose run --detach` may fail after its container began,
 * and a command that is not in the image leaves a container that never started with exit code 126 or 127.
 */
export function judgeStart(result: Pick<ExecResult, 'code' | 'stderr'>, seen: OneOff | undefined): Start {
  if (seen !== undefined && seen.state !== 'created' && !Number.isNaN(seen.startedAtMs) && seen.startedAtMs > 0)
    return { kind: 'started' };
  const exitCode = seen !== undefined && seen.exitCode > 0 && seen.exitCode < 128 ? seen.exitCode : daemonFailure;
  return { kind: 'refused', exitCode, said: lastLines(result.stderr, 5).filter((line) => line.trim() !== '') };
}
