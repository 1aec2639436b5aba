import { Agent, request, type ClientRequestArgs, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Host } from './host.ts';

/** An answer of Docker's engine. */
export interface EngineAnswer {
  readonly status: number;
  /** Its JSON, parsed. */
  readonly body: unknown;
}

/**
 * The engine of a server, asked over its socket: about a millisecond of its processor, where a start of Docker's CLI takes
 * 35 to 45. For looks only: what changes something goes through commands, behind its journal line (ADR 0011).
 */
export interface EngineDoor {
  /**
   * @param path of the API, with an encoded query
   * @throws anything, where no whole answer came: the caller asks by the CLI, which tells what is wrong
   */
  readonly get: (path: string, signal: AbortSignal) => Promise<EngineAnswer>;
}

/** So many looks at once; more wait. */
const mostStreams = 4;

/** A stream of the host as the connection of Node's own HTTP client; it lives as long as the host's connection. */
class StreamAgent extends Agent {
  readonly #open: () => Promise<Duplex>;

  constructor(open: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#open = open;
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const failed = (thrown: unknown): void => {
      // The agent looks at the error alone; its type asks for a stream beside it.
      Reflect.apply(callback ?? nothing, undefined, [thrown instanceof Error ? thrown : new Error(String(thrown))]);
    };
    this.#open().then((stream) => callback?.(null, withSocketMethods(stream)), failed);
  }
}

function nothing(): void {
  // Streams of SSH have no such setting.
}

/** The methods of a socket that the HTTP client calls; a channel of SSH lacks some. */
function withSocketMethods(stream: Duplex): Duplex {
  for (const name of ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref'])
    if (typeof Reflect.get(stream, name) !== 'function') Reflect.set(stream, name, nothing);
  if (typeof Reflect.get(stream, 'destroySoon') !== 'function')
    Reflect.set(stream, 'destroySoon', stream.destroy.bind(stream));
  return stream;
}

const doors = new WeakMap<Host, EngineDoor>();

/** The engine's door of a host, where one was opened. */
export function engineDoorOf(host: Host): EngineDoor | undefined {
  return doors.get(host);
}

/** From now on all looks of this host go by the CLI. */
export function closeEngineDoor(host: Host): void {
  doors.delete(host);
}

/** An engine that hangs must not hang the look: the CLI, asked afterwards, has bounds of its own. */
export const longestAskMs = 15_000;

/**
 * What the engine says; undefined where there is no door to it, or no answer: then it is for the CLI to ask. A door that let
 * somebody wait so long for nothing is closed: each look through it would.
 */
export async function askEngine<T>(
  host: Host,
  ask: (engine: EngineDoor, signal: AbortSignal) => Promise<T>,
  longestMs = longestAskMs,
): Promise<T | undefined> {
  const door = doors.get(host);
  if (door === undefined) return undefined;
  const signal = AbortSignal.timeout(longestMs);
  return ask(door, signal).catch(() => {
    if (signal.aborted) closeEngineDoor(host);
    return undefined;
  });
}

/**
 * From now on the looks at Docker of this host go to that socket, once it has answered like a Docker engine.
 * @param socketPath on the server
 * @returns what `GET /version` says; undefined where the socket cannot be reached: all looks go on by the CLI
 */
export async function openEngineDoor(host: Host, socketPath: string, signal: AbortSignal): Promise<unknown> {
  if (host.openSocket === undefined) return undefined;
  const door = makeDoor(() => host.openSocket?.(socketPath) ?? Promise.reject(new Error('this host opens no sockets')));
  try {
    const { status, body } = await door.get('/version', signal);
    if (status !== 200) return undefined;
    doors.set(host, door);
    return body;
  } catch {
    return undefined;
  }
}

/**
 * A door over streams that `open` gives. Each stream has an agent of its own and one look at a time: a Node agent with more
 * opens any number of them at once where opening takes time, and of those that it then closes some never answered again.
 */
export function makeDoor(open: () => Promise<Duplex>): EngineDoor {
  const streams = Array.from({ length: mostStreams }, () => new OneByOne(open));
  return {
    get: (path, signal) => {
      const [first, ...others] = streams;
      const free = others.reduce((best, next) => (best === undefined || next.count < best.count ? next : best), first);
      return free === undefined ? Promise.reject(new Error('a door without streams')) : free.get(path, signal);
    },
  };
}

/** One stream, on which looks wait for each other. */
class OneByOne {
  /** Looks that wait or are under way. */
  count = 0;
  readonly #agent: Agent;
  #last: Promise<unknown> = Promise.resolve();

  constructor(open: () => Promise<Duplex>) {
    this.#agent = new StreamAgent(open);
  }

  get(path: string, signal: AbortSignal): Promise<EngineAnswer> {
    this.count += 1;
    const answer = this.#last.then(() => look(this.#agent, path, signal));
    const ended = (): void => {
      this.count -= 1;
    };
    this.#last = answer.then(ended, ended);
    return answer;
  }
}

function look(agent: Agent, path: string, signal: AbortSignal): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent, path, headers: { Host: 'docker' } });
    // Not by the request's own `signal`: while its stream has not come, or does not close, it hears of nothing.
    const stop = (): void => {
      reject(new Error(`no answer to ${path} in time`, { cause: signal.reason }));
      asked.destroy();
    };
    const fail = (thrown: unknown): void => {
      signal.removeEventListener('abort', stop);
      reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
    };
    const succeed = (answer: EngineAnswer): void => {
      signal.removeEventListener('abort', stop);
      resolve(answer);
    };
    asked.once('response', (response) => void readAnswer(response).then(succeed, fail));
    asked.on('error', fail);
    signal.addEventListener('abort', stop, { once: true });
    asked.end();
    if (signal.aborted) stop();
  });
}

async function readAnswer(response: IncomingMessage): Promise<EngineAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return { status: response.statusCode ?? 0, body };
}
