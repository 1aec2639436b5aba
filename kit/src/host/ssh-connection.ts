import { NodeSSH } from 'node-ssh';
import type { Client, PublicKeyAuthMethod } from 'ssh2';
import { describeThrown } from '../action/errors.ts';
import type { Runner } from '../action/runner.ts';
import { systemClock, type Clock } from '../time/clock.ts';
import { deferred } from './deferred.ts';
import { HostError } from './host.ts';
import { judgeHostKey, keyTypeAttempts, type HostKeyPolicy, type HostKeyVerdict } from './host-key.ts';
import { openProxyCommand } from './proxy-command.ts';
import { hostKeyTypes, offeredAlgorithms, type HostKeyType } from './ssh-algorithms.ts';
import { adviseRetry, connectError, hostKeyError, type ConnectPhase, type FailedAttempt } from './ssh-errors.ts';
import { openForward } from './ssh-forward.ts';
import { dialTcp, type Wire } from './ssh-socket.ts';
import type { SshTarget } from './ssh-target.ts';

/** An authenticated connection. */
export interface SshConnection {
  readonly client: Client;
  /** Rejects with the reason when the connection is gone, whoever ended it. */
  readonly lost: Promise<never>;
  /** The same reason; undefined as long as the connection stands. */
  readonly lossReason: () => Error | undefined;
  readonly close: () => Promise<void>;
}

/** Time bounds; tests shorten them. */
export interface SshTuning {
  readonly clock: Clock;
  /** From 0 to 1: jitter of the waits between attempts. */
  readonly random: () => number;
  readonly connectTimeoutMs: number;
  /** Handshake and authentication together. */
  readonly handshakeTimeoutMs: number;
  readonly attempts: number;
  readonly keepAliveMs: number;
  /** So many keep-alive intervals without a byte from the server: it is gone. */
  readonly silentIntervals: number;
  readonly maxChannels: number;
}

export const defaultTuning: SshTuning = {
  clock: systemClock,
  random: Math.random,
  connectTimeoutMs: 15_000,
  handshakeTimeoutMs: 20_000,
  attempts: 3,
  keepAliveMs: 4_000,
  silentIntervals: 4,
  maxChannels: 8,
};

type Attempt =
  | { readonly kind: 'connected'; readonly connection: SshConnection }
  | { readonly kind: 'key-refused'; readonly verdict: HostKeyVerdict; readonly offered: readonly Buffer[] }
  | { readonly kind: 'failed'; readonly failed: FailedAttempt };

/**
 * Connects and authenticates; retries what happens before authentication.
 * @throws HostError HOST_UNREACHABLE, HOST_KEY_MISMATCH, SSH_AUTH_REJECTED, CANCELLED
 */
export async function openConnection(
  target: SshTarget,
  runner: Runner,
  signal: AbortSignal,
  tuning: SshTuning,
): Promise<SshConnection> {
  const isCancelled = (): boolean => signal.aborted;
  const cancelled = (): HostError =>
    new HostError({
      code: 'CANCELLED',
      message: `ssh: cancelled while connecting to ${target.host}.`,
      cause: signal.reason,
    });
  for (let attempt = 1; ; attempt++) {
    if (isCancelled()) throw cancelled();
    const result = await tryKeyTypes(target, runner, signal, tuning);
    if (result.kind === 'connected') return result.connection;
    if (isCancelled()) throw cancelled();
    if (result.kind === 'key-refused') throw hostKeyError(target, result.offered, result.verdict === 'revoked');
    const advice = adviseRetry(result.failed);
    if (advice === 'no' || attempt >= tuning.attempts) throw connectError(target, result.failed, attempt);
    const waitMs = Math.round(
      (advice === 'later' && attempt > 1 ? 30_000 : 1_000 * attempt) * (0.75 + tuning.random() / 2),
    );
    runner.info(
      `ssh: ${target.host}: attempt ${attempt} of ${tuning.attempts} failed (${result.failed.message}); next in ${waitMs / 1000} s`,
    );
    await tuning.clock.sleep(waitMs, signal).catch(() => {
      throw cancelled();
    });
  }
}

/** One attempt per list of key types, until the server shows a key that is trusted. */
async function tryKeyTypes(
  target: SshTarget,
  runner: Runner,
  signal: AbortSignal,
  tuning: SshTuning,
): Promise<Attempt> {
  const offered: Buffer[] = [];
  let last: Attempt = { kind: 'key-refused', verdict: 'unknown', offered };
  for (const types of keyTypeAttempts(target.hostKeys)) {
    last = await connectOnce(target, target.hostKeys, types, runner, signal, tuning);
    if (last.kind === 'key-refused') {
      offered.push(...last.offered);
      if (last.verdict === 'revoked') return last;
    } else if (!isTypeMissing(last)) {
      return last;
    }
  }
  if (offered.length > 0) return { kind: 'key-refused', verdict: 'unknown', offered };
  // The server has no key of the pinned types. Ask, trusting nothing, which key it has: the message shows it.
  const nothing: HostKeyPolicy = { pins: [], fingerprints: [], revoked: target.hostKeys.revoked };
  const shown = await connectOnce(target, nothing, hostKeyTypes, runner, signal, tuning);
  return shown.kind === 'key-refused' ? shown : last;
}

function isTypeMissing(attempt: Attempt): boolean {
  return attempt.kind === 'failed' && /no matching (server )?host key/i.test(attempt.failed.message);
}

async function connectOnce(
  target: SshTarget,
  policy: HostKeyPolicy,
  types: readonly HostKeyType[],
  runner: Runner,
  signal: AbortSignal,
  tuning: SshTuning,
): Promise<Attempt> {
  let wire: Wire;
  try {
    wire = await openWire(target, runner, signal, tuning);
  } catch (thrown) {
    // What failed on the way to or at a jump host has its own name, and has been retried there.
    if (thrown instanceof HostError && thrown.code !== 'FORWARD_FAILED') throw thrown;
    // Accepted and reset before this process saw it open: the same as a reset a moment later.
    const failed = describeAttempt('dial', thrown, undefined);
    return { kind: 'failed', failed: failed.errno === 'ECONNRESET' ? { ...failed, phase: 'banner' } : failed };
  }
  const onAbort = (): void => {
    wire.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await shakeHands(wire, target, policy, types, runner, tuning);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function openWire(target: SshTarget, runner: Runner, signal: AbortSignal, tuning: SshTuning): Promise<Wire> {
  if (target.proxyCommand !== undefined) return openProxyCommand(target.proxyCommand);
  if (target.jump === undefined) return dialTcp(target.host, target.port, tuning.connectTimeoutMs, signal);
  const jump = await openConnection(target.jump, runner, signal, tuning);
  try {
    const stream = await openForward(`${target.jump.user}@${target.jump.host}`, jump, target.host, target.port);
    const destroy = (): void => {
      stream.destroy();
      void jump.close();
    };
    return { stream, destroy, lastWords: () => '', ended: () => Promise.resolve() };
  } catch (thrown) {
    await jump.close();
    throw thrown;
  }
}

async function shakeHands(
  wire: Wire,
  target: SshTarget,
  policy: HostKeyPolicy,
  types: readonly HostKeyType[],
  runner: Runner,
  tuning: SshTuning,
): Promise<Attempt> {
  const seen: { offered?: Buffer; isEncrypted: boolean } = { isEncrypted: false };
  const method: PublicKeyAuthMethod = { type: 'publickey', username: target.user, key: target.privateKey.parsed };
  const ssh = new NodeSSH();
  const ready = ssh.connect({
    sock: wire.stream,
    username: target.user,
    // Only the key, without asking first which methods there are: saves one round trip and one failed attempt.
    authHandler: [method],
    algorithms: offeredAlgorithms(types),
    hostVerifier: (key: Buffer) => {
      seen.offered = key;
      return judgeHostKey(policy, key) === 'trusted';
    },
    readyTimeout: tuning.handshakeTimeoutMs,
    keepaliveInterval: tuning.keepAliveMs,
    // Its own count would take a slow upload for a dead server: it looks for the answer, not for signs of life.
    keepaliveCountMax: Number.MAX_SAFE_INTEGER,
  });
  const client = ssh.connection;
  if (client === null)
    throw new HostError({ code: 'HOST_UNREACHABLE', message: `ssh: no connection to ${target.host}.` });
  const ending = watchForLife(client, wire, tuning);
  client.on('handshake', (negotiated) => {
    seen.isEncrypted = true;
    runner.debug(`ssh: ${target.host}: ${negotiated.kex}, ${negotiated.serverHostKey}, ${negotiated.cs.cipher}`);
  });
  try {
    await ready;
    const { lost, lossReason } = ending;
    return { kind: 'connected', connection: { client, lost, lossReason, close: () => closeConnection(client, wire) } };
  } catch (thrown) {
    // A proxy command's last words come with its end, a moment after the stream's.
    await wire.ended();
    wire.destroy();
    const { offered, isEncrypted } = seen;
    const verdict = offered === undefined ? 'trusted' : judgeHostKey(policy, offered);
    if (offered !== undefined && verdict !== 'trusted') return { kind: 'key-refused', verdict, offered: [offered] };
    const phase = isEncrypted ? 'authentication' : ending.hasSpoken() ? 'handshake' : 'banner';
    return { kind: 'failed', failed: describeAttempt(phase, ending.firstError() ?? thrown, wire) };
  }
}

function describeAttempt(phase: ConnectPhase, thrown: unknown, wire: Wire | undefined): FailedAttempt {
  const textOf = (name: 'code' | 'level'): string | undefined => {
    const value: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const errno = textOf('code');
  return {
    phase,
    message: describeThrown(thrown) || (errno ?? 'failed'),
    errno,
    level: textOf('level'),
    lastWords: wire?.lastWords() ?? '',
  };
}

interface Ending {
  readonly lost: Promise<never>;
  readonly lossReason: () => Error | undefined;
  readonly firstError: () => Error | undefined;
  /** Whether a single byte came from the server. */
  readonly hasSpoken: () => boolean;
}

/**
 * Handles the connection's errors for life (one without a listener would end the process), and ends a connection whose
 * server is silent: keep-alives make any living server speak.
 */
function watchForLife(client: Client, wire: Wire, tuning: SshTuning): Ending {
  const { promise: lost, reject } = deferred<never>();
  let firstError: Error | undefined;
  let lossReason: Error | undefined;
  let received = 0;
  let seen = 0;
  let silent = 0;
  // The library has paused the stream and starts it itself: a listener here takes no byte away from it.
  wire.stream.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  // Counts intervals, not time: when this process itself was stopped for long, that is not the server's silence.
  const watchdog = setInterval(() => {
    silent = received === seen ? silent + 1 : 0;
    seen = received;
    if (silent < tuning.silentIntervals) return;
    const message = `the server has not answered for ${(silent * tuning.keepAliveMs) / 1000} s`;
    firstError ??= Object.assign(new Error(message), { level: 'client-timeout' });
    wire.destroy();
  }, tuning.keepAliveMs);
  watchdog.unref();
  client.on('error', (error) => {
    firstError ??= error;
  });
  client.on('close', () => {
    clearInterval(watchdog);
    wire.destroy();
    lossReason = firstError ?? new Error('the server closed it');
    reject(lossReason);
  });
  return { lost, lossReason: () => lossReason, firstError: () => firstError, hasSpoken: () => received > 0 };
}

/** Says goodbye, and does not wait long for the answer. */
async function closeConnection(client: Client, wire: Wire): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    client.once('close', resolve);
    setTimeout(resolve, 500).unref();
  });
  client.end();
  await closed;
  wire.destroy();
}
