import { Socket } from 'node:net';
import { NodeSSH } from 'node-ssh';
import type { AgentAuthMethod, Client, PublicKeyAuthMethod } from 'ssh2';
import { describeThrown } from '../action/errors.ts';
import type { Runner } from '../action/runner.ts';
import type { SshConnection, SshTuning } from './connection.ts';
import { deferred } from './deferred.ts';
import { dialPatiently, type Attempt } from './dialing.ts';
import { HostError } from './host.ts';
import { judgeHostKey, type HostKeyPolicy } from './host-key.ts';
import { commandLine } from './launcher.ts';
import { openProxyCommand } from './proxy-command.ts';
import { isTruncatable, offeredAlgorithms, type HostKeyType } from './ssh-algorithms.ts';
import { describeTruncatable, type ConnectPhase, type FailedAttempt } from './ssh-errors.ts';
import { readServerSoftware } from './server-software.ts';
import { runChannel } from './ssh-channel.ts';
import { shortenLogin } from './ssh-flights.ts';
import { openForward, openSocketForward } from './ssh-forward.ts';
import { isKeyExchangeStrict, prepareCiphers } from './ssh-cipher.ts';
import { dialTcp, type Wire } from './ssh-socket.ts';
import type { SshTarget } from './ssh-target.ts';

/** A connection that the SSH library speaks in this process. */
export interface LibraryConnection extends SshConnection {
  readonly client: Client;
}

/**
 * Connects and authenticates; retries what happens before authentication.
 * @throws HostError HOST_UNREACHABLE, HOST_KEY_MISMATCH, SSH_AUTH_REJECTED, CANCELLED
 */
export function openConnection(
  target: SshTarget,
  runner: Runner,
  signal: AbortSignal,
  tuning: SshTuning,
): Promise<LibraryConnection> {
  return dialPatiently(target, runner, signal, tuning, (policy, types) =>
    connectOnce(target, policy, types, runner, signal, tuning),
  );
}

async function connectOnce(
  target: SshTarget,
  policy: HostKeyPolicy,
  types: readonly HostKeyType[],
  runner: Runner,
  signal: AbortSignal,
  tuning: SshTuning,
): Promise<Attempt<LibraryConnection>> {
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
    const stream = await jump.forward(target.host, target.port);
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
): Promise<Attempt<LibraryConnection>> {
  const seen: { offered?: Buffer; isEncrypted: boolean; warning?: string } = { isEncrypted: false };
  const method = loginMethod(target);
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
  if (target.credential.kind === 'key') shortenLogin(client, target.credential.key.parsed);
  const ending = watchForLife(client, wire, tuning);
  client.on('handshake', (negotiated) => {
    seen.isEncrypted = true;
    prepareCiphers(client);
    const { kex, serverHostKey, cs, sc } = negotiated;
    const isStrict = isKeyExchangeStrict(client);
    if (isTruncatable([cs.cipher, sc.cipher], isStrict)) seen.warning = describeTruncatable(target, cs.cipher);
    runner.debug(`ssh: ${target.host}: ${kex}${isStrict ? ' (strict)' : ''}, ${serverHostKey}, ${cs.cipher}`);
  });
  try {
    await ready;
    if (seen.warning !== undefined) runner.warning(seen.warning);
    return { kind: 'connected', connection: describeConnection(target, client, ending, wire) };
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

function loginMethod({ user, credential }: SshTarget): PublicKeyAuthMethod | AgentAuthMethod {
  if (credential.kind === 'key') return { type: 'publickey', username: user, key: credential.key.parsed };
  // Without a key and an agent the transport is the system's ssh: inputs are read so.
  return { type: 'agent', username: user, agent: credential.kind === 'agent' ? credential.socket : '' };
}

function describeConnection(target: SshTarget, client: Client, ending: Ending, wire: Wire): LibraryConnection {
  const { lost, lossReason, serverSoftware } = ending;
  return {
    client,
    lost,
    lossReason,
    serverSoftware,
    isInOrder: true,
    runProgram: (program, io) => runChannel(client, commandLine(program), io),
    forward: (address, port) => openForward(`${target.user}@${target.host}`, client, lost, address, port),
    openSocket: (path) => openSocketForward(client, lost, path),
    close: async () => {
      if (lossReason() === undefined) await closeConnection(client, wire);
    },
  };
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
  readonly serverSoftware: () => string | undefined;
}

/** The first line of a server is within its first so many bytes. */
const longestGreeting = 4_096;

/**
 * Handles the connection's errors for life (one without a listener would end the process), and ends a connection whose
 * server is silent: keep-alives make any living server speak.
 */
function watchForLife(client: Client, wire: Wire, tuning: SshTuning): Ending {
  const { promise: lost, reject } = deferred<never>();
  let firstError: Error | undefined;
  let lossReason: Error | undefined;
  let received = 0;
  let greeting = '';
  let seen = 0;
  let silent = 0;
  // The library has paused the stream and starts it itself: a listener here takes no byte away from it.
  wire.stream.on('data', (chunk: Buffer) => {
    if (received < longestGreeting) greeting += chunk.toString('latin1', 0, longestGreeting - received);
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
  return {
    lost,
    lossReason: () => lossReason,
    firstError: () => firstError,
    hasSpoken: () => received > 0,
    serverSoftware: () => readServerSoftware(greeting),
  };
}

/** Says goodbye. A socket of our own has it once it is written; through another program or host it takes a moment to pass. */
async function closeConnection(client: Client, wire: Wire): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    client.once('close', resolve);
    if (wire.stream instanceof Socket) wire.stream.once('finish', resolve);
    setTimeout(resolve, 500).unref();
  });
  client.end();
  await closed;
  wire.destroy();
}
