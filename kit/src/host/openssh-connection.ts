import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Runner } from '../action/runner.ts';
import type { ProgramIo } from './command.ts';
import { forwardError, forwardTimeoutMs, type ChannelEnd, type SshConnection, type SshTuning } from './connection.ts';
import { deferred } from './deferred.ts';
import { dialPatiently, type Attempt } from './dialing.ts';
import { HostError } from './host.ts';
import { judgeHostKey, type HostKeyPolicy } from './host-key.ts';
import { commandLine } from './launcher.ts';
import { runLocalProcess } from './local-process.ts';
import { explainOpenssh } from './openssh-errors.ts';
import { startMaster, type OpensshMaster } from './openssh-master.ts';
import { makeWorkspace, type OpensshWorkspace } from './openssh-workspace.ts';
import { openProxyCommand, proxyEnvironment } from './proxy-command.ts';
import type { HostKeyType } from './ssh-algorithms.ts';
import { connectError, hostKeyError, type FailedAttempt } from './ssh-errors.ts';
import type { SshTarget } from './ssh-target.ts';
import { tellExit255 } from './trailing-mark.ts';

/**
 * Connects with the runner's own `ssh`: one process holds the connection, each command is another one that goes through
 * it (ControlMaster). For what the library does not speak: post-quantum key exchange, certificates, security keys,
 * ssh_config. Checks, bounds and errors are the same.
 * @throws HostError HOST_UNREACHABLE, HOST_KEY_MISMATCH, SSH_AUTH_REJECTED, CANCELLED
 */
export function openSystemSsh(
  target: SshTarget,
  runner: Runner,
  signal: AbortSignal,
  tuning: SshTuning,
): Promise<SshConnection> {
  return dialPatiently(target, runner, signal, tuning, (policy, types) =>
    connectOnce(target, policy, types, signal, tuning),
  );
}

async function connectOnce(
  target: SshTarget,
  policy: HostKeyPolicy,
  types: readonly HostKeyType[],
  signal: AbortSignal,
  tuning: SshTuning,
): Promise<Attempt<SshConnection>> {
  const readyMark = `deploy-${randomBytes(12).toString('hex')}`;
  const workspace = await makeWorkspace(target, policy, types, readyMark, tuning);
  const env = environment();
  const { files } = workspace;
  const argv = ['ssh', '-F', files.config, '-o', 'LogLevel=DEBUG1', '-M', '-N', '-T', target.host];
  const master = startMaster(argv, readyMark, env);
  const stop = async (): Promise<void> => {
    await master.stop();
    workspace.remove();
  };
  const isUp = await waitUntilUp(
    master,
    signal,
    (tuning.connectTimeoutMs + tuning.handshakeTimeoutMs) * files.hops.length,
  );
  if (isUp === 'ready')
    return { kind: 'connected', connection: describeConnection(target, workspace, master, env, stop) };
  const offered = files.hops.map((hop) => workspace.offeredBy(hop));
  await stop();
  if (isUp === 'late') {
    const failed = {
      // Its key is looked at behind the handshake.
      phase: offered.at(-1) === undefined ? 'handshake' : 'authentication',
      message: 'no answer in time',
      errno: undefined,
      level: 'client-timeout',
      lastWords: '',
    } as const;
    return { kind: 'failed', failed };
  }
  return explainFailure(target, workspace, master.said(), isUp, offered);
}

/** The exit code where it ended before. */
async function waitUntilUp(
  master: OpensshMaster,
  signal: AbortSignal,
  boundMs: number,
): Promise<'ready' | 'late' | number> {
  const { promise: late, resolve } = deferred<'late'>();
  const giveUp = (): void => {
    resolve('late');
  };
  const timer = setTimeout(giveUp, boundMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([master.ready, master.ended, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

/** @throws HostError for what failed at or behind a host on the way: it has that host's name */
function explainFailure(
  target: SshTarget,
  { files: { hops } }: OpensshWorkspace,
  said: readonly string[],
  code: number,
  offered: readonly (Buffer | undefined)[],
): Attempt<SshConnection> {
  const failure = explainOpenssh(said, code);
  const last = hops.length - 1;
  if (failure.kind === 'host-key') {
    const index = hops.findIndex(({ policy }, at) => {
      const key = offered[at];
      return key === undefined || judgeHostKey(policy, key) !== 'trusted';
    });
    const hop = hops[index < 0 ? last : index];
    const key = offered[index];
    const verdict = hop === undefined || key === undefined ? 'unknown' : judgeHostKey(hop.policy, key);
    const keys = key === undefined ? [] : [key];
    if (hop !== undefined && index >= 0 && index < last) throw hostKeyError(hop.target, keys, verdict === 'revoked');
    return { kind: 'key-refused', verdict, offered: keys };
  }
  if (failure.kind === 'forward') {
    const before = hops[last - 1]?.target ?? target;
    const name = `${before.user}@${before.host}`;
    const error = forwardError(
      name,
      target.host,
      target.port,
      failure.isProhibited ? { kind: 'prohibited' } : { kind: 'failed', why: failure.why },
    );
    if (failure.isProhibited) throw error;
    return {
      kind: 'failed',
      failed: { phase: 'dial', message: error.message, errno: undefined, level: undefined, lastWords: '' },
    };
  }
  const { failed, login } = failure;
  const refusing = hops.slice(0, last).find((hop) => login === `${hop.target.user}@${hop.target.host}`);
  if (refusing !== undefined && offered[last] === undefined) throw connectError(refusing.target, failed, 1);
  return { kind: 'failed', failed: withProxyWords(target, failed, said) };
}

function withProxyWords(target: SshTarget, failed: FailedAttempt, said: readonly string[]): FailedAttempt {
  if (target.proxyCommand === undefined) return failed;
  const own = said.filter(
    (line) => !/^(kex_exchange_identification|Connection (closed|reset)|banner exchange)/.test(line),
  );
  return { ...failed, lastWords: own.slice(-3).join('; ').trim() };
}

function describeConnection(
  target: SshTarget,
  { files }: OpensshWorkspace,
  master: OpensshMaster,
  env: Readonly<Record<string, string>>,
  stop: () => Promise<void>,
): SshConnection {
  const { promise: lost, reject } = deferred<never>();
  let lossReason: Error | undefined;
  void master.ended.then(() => {
    lossReason = new Error(explainLoss(master.said()));
    reject(lossReason);
  });
  // A command never makes a connection of its own: without the first one it fails.
  // Not `ProxyJump=none` too: the one of the two that comes first wins.
  const through = ['ssh', '-F', files.config, '-o', 'ControlMaster=no', '-o', 'ProxyCommand=false'];
  return {
    lost,
    lossReason: () => lossReason,
    serverSoftware: master.serverSoftware,
    // Each command is a program of its own, and the one that starts faster asks first.
    isInOrder: false,
    close: stop,
    runProgram: (program, io) => runThrough([...through, '-T', target.host], program, io, env, master),
    forward: (address, port) => forwardThrough(through, target, address, port, master),
  };
}

function explainLoss(said: readonly string[]): string {
  const last = said.at(-1)?.trim() ?? '';
  if (/^Timeout, server .* not responding/.test(last))
    return 'the server has not answered for so long that it counts as gone';
  return last === '' ? 'the server closed it' : last;
}

async function runThrough(
  argv: readonly string[],
  program: string,
  io: ProgramIo,
  env: Readonly<Record<string, string>>,
  master: OpensshMaster,
): Promise<ChannelEnd> {
  const { wrapped, isTold, onStderr, end } = tellExit255(program, io.onStderr);
  let first = '';
  try {
    const code = await runLocalProcess({
      argv: [...argv, commandLine(wrapped)],
      env,
      stdin: io.stdin,
      onStdout: io.onStdout,
      onStderr: (chunk) => {
        if (first.length < 2_000) first += chunk.toString('latin1');
        onStderr(chunk);
      },
      signal: io.signal,
    });
    end();
    if (code !== 255 || isTold()) return { kind: 'exit', code };
  } catch (thrown) {
    if (!io.signal.aborted) throw thrown;
    return { kind: 'lost' };
  }
  const ending = explain255(first, master);
  // The process that holds the connection says why, a moment later.
  if (ending.kind === 'lost') await settled(master.ended, lastWordsMs);
  return ending;
}

const lastWordsMs = 500;

/** Waits for a promise, but not for long. */
async function settled(promise: Promise<unknown>, longestMs: number): Promise<void> {
  await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, longestMs).unref())]);
}

function explain255(said: string, master: OpensshMaster): ChannelEnd {
  const reason = said.trim().split('\n').at(-1)?.trim() ?? '';
  if (/exec request failed/i.test(said)) return { kind: 'refused', reason };
  if (!/session request failed|open refused by peer/i.test(said)) return { kind: 'lost' };
  const why = lastRefusal(master);
  return why.includes('prohibited') ? { kind: 'refused', reason: why } : { kind: 'no-session', reason };
}

/** Why the server opened no channel: only the process that holds the connection says so. */
function lastRefusal(master: OpensshMaster): string {
  return master.said().findLast((line) => line.includes('open failed')) ?? '';
}

async function forwardThrough(
  through: readonly string[],
  target: SshTarget,
  address: string,
  port: number,
  master: OpensshMaster,
): Promise<Duplex> {
  const name = `${target.user}@${target.host}`;
  const { promise: opened, resolve, reject } = deferred<undefined>();
  const failed = (why: string): HostError => forwardError(name, address, port, { kind: 'failed', why });
  const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const wire = openProxyCommand([...through, '-v', '-W', place, target.host], (line) => {
    if (line.includes('master session id')) resolve(undefined);
    if (!line.includes('request failed')) return;
    const why = lastRefusal(master)
      .replace(/^.*open failed: /, '')
      .trim();
    const isProhibited = why.includes('prohibited');
    reject(
      isProhibited
        ? forwardError(name, address, port, { kind: 'prohibited' })
        : failed(why.replace(/^connect failed: /, '') || 'refused'),
    );
  });
  const timer = setTimeout(() => {
    reject(failed(`no answer within ${forwardTimeoutMs / 1000} s`));
  }, forwardTimeoutMs);
  wire.stream.on('error', () => undefined);
  void wire.ended().then(() => {
    reject(gone(name));
  });
  try {
    await opened;
    return wire.stream;
  } catch (thrown) {
    wire.destroy();
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

function gone(name: string): HostError {
  return new HostError({ code: 'CONNECTION_LOST', message: `${name}: the connection is gone.` });
}

/** As a proxy command's; with a shell that understands what ssh_config's commands are written in. */
function environment(): Readonly<Record<string, string>> {
  return { ...proxyEnvironment(process.env), SHELL: '/bin/sh', LC_ALL: 'C' };
}
