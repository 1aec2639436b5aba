import { Duplex } from 'node:stream';
import type { Client, ParsedKey } from 'ssh2';

/**
 * What the SSH library waits for, and the protocol does not ask it to (OpenSSH's client does not either). Each is one round
 * trip: for each connection the answer to the request for authentication, and the question whether the key would do; for each
 * command with a stdin the answer to the request for it. It has no options for them, so its own calls are taken over; where
 * it looks otherwise inside than expected, nothing is, and it goes on as it does.
 */
interface Protocol {
  service(name: string): void;
  authPK(user: string, key: ParsedKey, algorithm?: string, sign?: Sign): void;
  exec(id: number, line: string, wantsReply?: boolean): void;
  readonly _handlers: { SERVICE_ACCEPT?: ((protocol: unknown, name: string) => void) | undefined };
}

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;

/** The one cast: every part that is used is looked at first. */
function protocolOf(client: Client): Protocol | undefined {
  const found: unknown = Reflect.get(client, '_protocol');
  if (typeof found !== 'object' || found === null) return undefined;
  const isWhole = ['service', 'authPK', 'exec'].every((name) => typeof Reflect.get(found, name) === 'function');
  const handlers: unknown = Reflect.get(found, '_handlers');
  return isWhole && typeof handlers === 'object' && handlers !== null ? (found as Protocol) : undefined;
}

/** Hash of an RSA signature by the name of its algorithm; other keys have one of their own. */
function hashOf(algorithm: string | undefined): string | undefined {
  return /^rsa-sha2-(256|512)$/.exec(algorithm ?? '')?.[1]?.replace(/^/, 'sha');
}

/**
 * The key's signature goes with the request for authentication, in one flight. An RSA key waits for the server to say which
 * signatures it takes. To be called in the tick in which the client was told to connect.
 */
export function shortenLogin(client: Client, key: ParsedKey): void {
  const protocol = protocolOf(client);
  if (protocol === undefined) return;
  const ask = protocol.authPK.bind(protocol);
  protocol.authPK = (user, shown, algorithm, sign) => {
    const signNow: Sign = (data, done) => {
      const signature = key.sign(data, hashOf(algorithm));
      // The library's own way tells what is wrong with the key.
      if (signature instanceof Error) ask(user, shown, algorithm);
      else done(signature);
    };
    ask(user, shown, algorithm, sign ?? signNow);
  };
  const accepted = protocol._handlers.SERVICE_ACCEPT;
  if (key.type === 'ssh-rsa' || accepted === undefined) return;
  const request = protocol.service.bind(protocol);
  protocol.service = (name) => {
    request(name);
    protocol._handlers.SERVICE_ACCEPT = () => undefined;
    accepted(protocol, name);
  };
}

/** What is to be done when a command line is asked for. */
interface Request {
  /** Another line to ask for instead, known only now. */
  readonly instead?: () => string | undefined;
  /** Is given the session's stream then, before the server has answered: what is written arrives behind the request. */
  readonly use: (stdin: Duplex, isInstead: boolean) => void;
}

const requested = new WeakMap<Client, Map<string, Request>>();

/** Neither is called where the library hides its inside; `use` neither where it hides the stream. `forget` ends the waiting. */
export function onRequested(client: Client, line: string, request: Request): { readonly forget: () => void } {
  let waiting = requested.get(client);
  if (waiting === undefined) {
    waiting = new Map();
    requested.set(client, waiting);
    watchRequests(client, waiting);
  }
  const lines = waiting;
  lines.set(line, request);
  return { forget: () => void lines.delete(line) };
}

function watchRequests(client: Client, waiting: Map<string, Request>): void {
  const protocol = protocolOf(client);
  if (protocol === undefined) return;
  const exec = protocol.exec.bind(protocol);
  protocol.exec = (id, line, wantsReply) => {
    const request = waiting.get(line);
    const other = request?.instead?.();
    exec(id, other ?? line, wantsReply);
    const session = request === undefined ? undefined : findSession(client, id);
    if (session !== undefined) request?.use(session, other !== undefined);
  };
}

/** The session that the server calls `id`. */
function findSession(client: Client, id: number): Duplex | undefined {
  const manager: unknown = Reflect.get(client, '_chanMgr');
  const all: unknown = typeof manager === 'object' && manager !== null ? Reflect.get(manager, '_channels') : undefined;
  const channels: readonly unknown[] = typeof all === 'object' && all !== null ? Object.values(all) : [];
  return channels.find((channel): channel is Duplex => {
    if (!(channel instanceof Duplex)) return false;
    const outgoing: unknown = Reflect.get(channel, 'outgoing');
    return typeof outgoing === 'object' && outgoing !== null && Reflect.get(outgoing, 'id') === id;
  });
}
