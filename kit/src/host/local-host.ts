import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { describeScript, runCommand, scriptWords, type Shell } from './command.ts';
import { describeCommand, HostError, type Host } from './host.ts';
import { runLocalProcess } from './local-process.ts';

/** The runner itself, behind the same door as a server. */
export function localHost(): Host {
  const env = loginEnvironment(process.env);
  const shell: Shell = {
    name: 'local',
    run: (program, io) => runLocalProcess({ ...io, argv: ['sh', '-c', program], env }),
  };
  let commandCount = 0;
  return {
    name: 'local',
    kind: 'local',
    exec: (argv, options = {}) => {
      commandCount++;
      return runCommand(shell, argv, describeCommand(argv), options);
    },
    script: (source, args, options = {}) => {
      commandCount++;
      return runCommand(shell, scriptWords(source, args), describeScript(source), options);
    },
    forward: openLocalForward,
    openSocket: openLocalSocket,
    get commandCount() {
      return commandCount;
    },
    close: () => Promise.resolve(),
  };
}

/** What an SSH login would have too, and what points Docker's CLI at its daemon. */
const kept =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|TZ|TMPDIR|XDG_RUNTIME_DIR|XDG_CONFIG_HOME|DOCKER_.*|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY)$/;

/**
 * The environment of commands: like a login on a server, not the step's own. The step's holds secrets (INPUT_*, tokens),
 * and variables of the workflow would silently win over the project's `.env` in `docker compose`.
 */
export function loginEnvironment(env: Readonly<NodeJS.ProcessEnv>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value !== undefined && kept.test(name) ? [[name, value]] : [])),
  );
}

const forwardTimeoutMs = 15_000;

function openLocalForward(address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new HostError({ code: 'FORWARD_FAILED', message: `local: no connection to ${address}:${port}: ${why}.` }));
    };
    const onError = (error: Error): void => {
      fail(error.message || ('code' in error ? String(error.code) : 'failed'));
    };
    const timer = setTimeout(() => {
      fail(`no answer within ${forwardTimeoutMs / 1000} s`);
    }, forwardTimeoutMs);
    socket.once('error', onError);
    socket.once('close', () => {
      clearTimeout(timer);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', onError);
      resolve(socket);
    });
  });
}

function openLocalSocket(path: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}
