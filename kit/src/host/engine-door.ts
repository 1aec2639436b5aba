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

/** Streams of the host as connections of Node's own HTTP client; they live as long as the host's connection. */
class StreamAgent extends Agent {
  readonly #open: () => Promise<Duplex>;

  constructor(open: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: mostStreams });
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

/** An engine that hangs must not hang the look: the CLI, asked afterwards, has bounds of its own. */
export const longestAskMs = 30_000;

/** What the engine says; undefined where there is no door to it, or no answer: then it is for the CLI to ask. */
export async function askEngine<T>(
  host: Host,
  ask: (engine: EngineDoor, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const door = doors.get(host);
  return door === undefined ? undefined : ask(door, AbortSignal.timeout(longestAskMs)).catch(() => undefined);
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

/** A door over streams that `open` gives. */
export function makeDoor(open: () => Promise<Duplex>): EngineDoor {
  const agent = new StreamAgent(open);
  return {
    get: (path, signal) =>
      new Promise((resolve, reject) => {
        const asked = request({ agent, path, signal, headers: { Host: 'docker' } }, (response) => {
          readAnswer(response).then(resolve, reject);
        });
        asked.once('error', reject);
        asked.end();
      }),
  };
}

async function readAnswer(response: IncomingMessage): Promise<EngineAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return { status: response.statusCode ?? 0, body };
}
