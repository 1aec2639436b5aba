import { spawn, type ChildProcess } from 'node:child_process';
import { connect, Server, type AddressInfo, type Socket } from 'node:net';
import ssh2, { type Connection, type ParsedKey, type ServerChannel, type ServerConfig, type Session } from 'ssh2';
import { fingerprintOf } from '../../src/host/host-key.ts';
import { readPrivateKey } from '../../src/host/private-key.ts';
import type { SshTarget } from '../../src/host/ssh-target.ts';
import { makeEd25519Pair } from './key-pairs.ts';

/** How the server behaves; the default is a healthy OpenSSH. */
export interface ServerBehaviour {
  /** Program and arguments before the command line, as a login shell gets it. Default `sh -c`. */
  readonly loginShell?: readonly string[];
  /** MaxSessions. */
  readonly maxSessions?: number;
  readonly isForwardingAllowed?: boolean;
  /** False: sessions open, but commands are refused in them. */
  readonly acceptsCommands?: boolean;
  /** Runs nothing: reply, exit status 7 and close leave in one piece. */
  readonly answersAtOnce?: boolean;
  readonly hostKeys?: readonly string[];
  readonly isKeyAccepted?: boolean;
  /** False: whoever wants to log in hears nothing. */
  readonly answersLogins?: boolean;
  /** What it offers instead of the library's defaults. */
  readonly algorithms?: ServerConfig['algorithms'];
  readonly env?: Readonly<Record<string, string>>;
  /** What it calls itself. */
  readonly ident?: string;
  /** Told of each request for authentication. */
  readonly onLogin?: (method: string, isSigned: boolean) => void;
}

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly target: SshTarget;
  readonly hostKey: Buffer;
  /** Open TCP connections, newest last. */
  readonly sockets: readonly Socket[];
  /** TCP connections so far. */
  readonly connectionCount: () => number;
  /** Most sessions that were open at the same time. */
  readonly mostSessions: () => number;
  /** Cuts every connection as a pulled plug would: reset. */
  cut(): void;
  /** Goes on accepting bytes, and never says anything again. */
  freeze(): void;
}

export const hostKeyPair = makeEd25519Pair();
export const userKeyPair = makeEd25519Pair();
export const userKey = readPrivateKey(userKeyPair.private, undefined);

/** An SSH server in this process, on a free port of loopback, that runs commands as sshd does: through a login shell. */
export async function startServer(behaviour: ServerBehaviour = {}, listenPort = 0): Promise<TestServer> {
  const sockets: Socket[] = [];
  const children = new Set<ChildProcess>();
  const hostKeys = behaviour.hostKeys ?? [hostKeyPair.private];
  let count = 0;
  let sessions = 0;
  let most = 0;
  const { algorithms = {}, ident = 'OpenSSH_9.2p1' } = behaviour;
  const server = new ssh2.Server({ hostKeys: [...hostKeys], algorithms, ident }, (connection) => {
    authenticate(connection, behaviour);
    let open = 0;
    connection.on('session', (accept, reject) => {
      if (open >= (behaviour.maxSessions ?? 10)) {
        // As OpenSSH does: SSH_OPEN_CONNECT_FAILED.
        reject();
        return;
      }
      open++;
      most = Math.max(most, ++sessions);
      const session = accept();
      session.on('close', () => {
        open--;
        sessions--;
      });
      serveSession(session, behaviour, children);
    });
    if (behaviour.isForwardingAllowed !== false) forwardPorts(connection);
    connection.on('error', () => undefined);
  });
  server.on('error', () => undefined);
  // @types/ssh2 knows nothing of the net.Server inside.
  const inner: unknown = Reflect.get(server, '_srv');
  if (!(inner instanceof Server)) throw new Error('ssh2 has no net.Server inside any more');
  inner.prependListener('connection', (socket) => {
    count++;
    sockets.push(socket);
    socket.on('error', () => undefined);
    // Its answers to small requests would wait for Nagle's algorithm otherwise; sshd has it off.
    socket.setNoDelay(true);
  });
  await new Promise<void>((resolve) => {
    server.listen(listenPort, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const hostKey = publicBlob(hostKeys[0] ?? '');
  return {
    port,
    hostKey,
    sockets,
    target: targetOf(port, hostKey),
    connectionCount: () => count,
    mostSessions: () => most,
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze: () => {
      for (const socket of sockets) {
        socket.pause();
        Object.assign(socket, { write: () => true });
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of children) if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

/** The target for a server on loopback, pinned by fingerprint. */
export function targetOf(port: number, hostKey: Buffer): SshTarget {
  return {
    kind: 'ssh',
    host: '127.0.0.1',
    port,
    user: 'deploy',
    credential: { kind: 'key', key: userKey },
    transport: 'ssh2',
    hostKeys: { pins: [{ type: 'ssh-ed25519', key: hostKey }], revoked: [], fingerprints: [fingerprintOf(hostKey)] },
  };
}

export function publicBlob(privateKey: string): Buffer {
  const parsed: ParsedKey | Error = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return [parsed].flat()[0]?.getPublicSSH() ?? Buffer.alloc(0);
}

function authenticate(connection: Connection, behaviour: ServerBehaviour): void {
  const { isKeyAccepted: isAccepted = true, answersLogins = true, onLogin } = behaviour;
  const allowed = publicBlob(userKeyPair.private);
  connection.on('authentication', (context) => {
    onLogin?.(context.method, context.method === 'publickey' && context.signature !== undefined);
    if (!answersLogins) return;
    if (isAccepted && context.method === 'publickey' && context.key.data.equals(allowed)) context.accept();
    else context.reject(['publickey']);
  });
}

function serveSession(session: Session, behaviour: ServerBehaviour, children: Set<ChildProcess>): void {
  let child: ChildProcess | undefined;
  session.on('signal', (_accept, _reject, info) => {
    if (child?.pid !== undefined) process.kill(-child.pid, `SIG${info.name}`);
  });
  session.on('exec', (accept, reject, info) => {
    if (behaviour.acceptsCommands === false) {
      reject();
      return;
    }
    const channel = accept();
    if (behaviour.answersAtOnce === true) {
      channel.exit(7);
      channel.end();
      return;
    }
    child = runLoginShell(channel, info.command, behaviour);
    children.add(child);
    child.on('exit', () => {
      if (child !== undefined) children.delete(child);
    });
  });
}

/** As sshd does without a terminal: own session, three pipes, exit status when the process ends, close when its streams do. */
function runLoginShell(channel: ServerChannel, command: string, behaviour: ServerBehaviour): ChildProcess {
  const [program = 'sh', ...args] = behaviour.loginShell ?? ['sh', '-c'];
  const child = spawn(program, [...args, command], {
    detached: true,
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...behaviour.env },
  });
  child.stdin.on('error', () => undefined);
  channel.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on('exit', (code, signal) => {
    if (signal === null) channel.exit(code ?? 0);
    else channel.exit(signal.replace('SIG', ''), false, '');
  });
  // end(), not close(): what still waits for the client's window goes first.
  child.on('close', () => {
    channel.end();
  });
  return child;
}

function forwardPorts(connection: Connection): void {
  connection.on('tcpip', (accept, reject, info) => {
    const socket = connect(info.destPort, info.destIP);
    socket.once('error', () => {
      reject();
    });
    socket.once('connect', () => {
      const channel = accept();
      socket.pipe(channel).pipe(socket);
      channel.on('error', () => undefined);
    });
  });
}
