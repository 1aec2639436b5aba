import { describeThrown } from '../action/errors.ts';
import type { Clock } from '../time/clock.ts';
import type { ChannelPool } from './channel-pool.ts';
import type { ProgramIo, Shell } from './command.ts';
import type { ChannelEnd, SshConnection } from './connection.ts';
import { deferred } from './deferred.ts';
import { HostError } from './host.ts';
import { limitsOf } from './server-software.ts';

/** A server that refuses a session so often (6 s), while no other is open, has none to give. */
const mostRefusals = 6;

/** A server as a place to run programs: each in one session channel of the connection, bounded by the pool. */
export function sshShell(
  name: string,
  connection: SshConnection,
  pool: ChannelPool,
  clock: Clock,
  /** A second connection, for stopping a command that holds the last session of the first. */
  reconnect: (signal: AbortSignal) => Promise<SshConnection>,
): Shell {
  const runUrgently = async (program: string, io: ProgramIo): Promise<ChannelEnd> => {
    // Beside the command that it stops; where that may be the only one, it comes by another way.
    if (limitsOf(connection.serverSoftware()).mostSessions !== 1) {
      const end = await runOnce(name, connection, program, io);
      if (end.kind !== 'no-session') return end;
    }
    const spare = await reconnect(io.signal);
    return runOnce(name, spare, program, io).finally(spare.close);
  };
  const run = async (program: string, io: ProgramIo, isAgain = false, refusals = 0): Promise<ChannelEnd> => {
    if (io.isUrgent === true) return runUrgently(program, io);
    if (io.isSpare === true) return runSpare(name, connection, pool, program, io);
    await pool.acquire(io.signal, isAgain);
    let isAlone: boolean;
    try {
      const end = await runOnce(name, connection, program, io);
      // A refused command may have been started all the same: only a session that was never had is asked for again.
      if (end.kind !== 'no-session' || refusals > mostRefusals) return end;
      isAlone = !pool.shrink();
    } finally {
      pool.release();
    }
    // sshd counts a session until it has seen its process die, a moment after it told us so.
    if (isAlone) await clock.sleep(50 * 2 ** refusals, io.signal);
    return run(program, io, true, isAlone ? refusals + 1 : refusals);
  };
  return {
    name,
    run: async (program, io) => {
      const end = await run(program, io);
      switch (end.kind) {
        case 'exit':
          return end.code;
        case 'lost':
          throw lostError(
            name,
            connection.lossReason() ?? new Error('the server closed the session without an exit status'),
          );
        case 'no-session':
        case 'refused':
          throw new HostError({
            code: 'COMMAND_FAILED',
            message: `${name}: the server refuses to run commands for this user (${end.reason}).`,
            hint: 'Check MaxSessions, ForceCommand and the options of the key in authorized_keys.',
          });
      }
    },
  };
}

/** Beside the others, or not at all. */
async function runSpare(
  name: string,
  connection: SshConnection,
  pool: ChannelPool,
  program: string,
  io: ProgramIo,
): Promise<ChannelEnd> {
  // Where there is one session only, it is that of the command which was asked for in the same turn.
  await new Promise((resolve) => setImmediate(resolve));
  if (!connection.isInOrder || !pool.tryAcquire()) return { kind: 'no-session', reason: 'no session is to spare' };
  try {
    const end = await runOnce(name, connection, program, io);
    if (end.kind === 'no-session') pool.shrink();
    return end;
  } finally {
    pool.release();
  }
}

async function runOnce(name: string, connection: SshConnection, program: string, io: ProgramIo): Promise<ChannelEnd> {
  io.onStart();
  const broken = connection.lost.catch((reason: unknown) => {
    throw lostError(name, reason);
  });
  // A server that hangs may never answer the request for a channel.
  const { promise: letGo, reject } = deferred<never>();
  const onAbort = (): void => {
    reject(lostError(name, new Error('the server did not answer')));
  };
  io.signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([connection.runProgram(program, io), broken, letGo]);
  } finally {
    io.signal.removeEventListener('abort', onAbort);
  }
}

function lostError(name: string, reason: unknown): HostError {
  return new HostError({
    code: 'CONNECTION_LOST',
    message: `${name}: the connection broke while a command was running (${describeThrown(reason)}); whether it finished is unknown.`,
    hint: 'The next run continues from what it finds on the server.',
    cause: reason,
  });
}
