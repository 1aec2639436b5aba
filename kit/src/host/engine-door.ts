import type { Duplex } from 'node:stream';
import { askOver, attachOver, StreamAgent, type EngineAnswer, type EngineQuestion } from './engine-client.ts';
import type { Host } from './host.ts';

/**
 * The engine of a server, asked over its socket: about a millisecond of its processor, where a start of Docker's CLI takes
 * 35 to 45 (ADR 0011).
 */
export interface EngineDoor {
  /**
   * @param path of the API, with an encoded query
   * @throws anything, where no whole answer came: the caller asks by the CLI, which tells what is wrong
   */
  readonly get: (path: string, signal: AbortSignal) => Promise<EngineAnswer>;
}

/** The door for those who change something behind it: parts of a batch, each behind its journal line. */
export interface EngineGate extends EngineDoor {
  /** What `GET /version` said when the door was opened. */
  readonly version: unknown;
  /**
   * Not bound in time but by `signal`, which ends the waiting and not what the engine has begun: that goes on to its end,
   * also where the connection breaks.
   * @throws anything, where no whole answer came: whether it was done is unknown then
   */
  readonly send: (question: EngineQuestion, signal: AbortSignal) => Promise<EngineAnswer>;
  /** The stream of a process that the request starts; `signal` is for its opening alone. */
  readonly attach: (question: EngineQuestion, signal: AbortSignal) => Promise<Duplex>;
}

/** So many looks at once; more wait. */
const mostStreams = 4;

const doors = new WeakMap<Host, EngineGate>();

/** The engine's door of a host, where one was opened. */
export function engineDoorOf(host: Host): EngineGate | undefined {
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
    doors.set(host, { ...door, version: body });
    return body;
  } catch {
    return undefined;
  }
}

/**
 * A door over streams that `open` gives. Each stream has an agent of its own and one look at a time: a Node agent with more
 * opens any number of them at once where opening takes time, and of those that it then closes some never answered again.
 * A change may take as long as a container needs to stop, so it has a stream of its own, used again for the next one.
 */
export function makeDoor(open: () => Promise<Duplex>): EngineGate {
  const streams = Array.from({ length: mostStreams }, () => new OneByOne(open));
  const free: StreamAgent[] = [];
  return {
    version: undefined,
    get: (path, signal) => {
      const [first, ...others] = streams;
      const next = others.reduce(
        (best, other) => (best === undefined || other.count < best.count ? other : best),
        first,
      );
      return next === undefined ? Promise.reject(new Error('a door without streams')) : next.get(path, signal);
    },
    send: async (question, signal) => {
      const agent = free.pop() ?? new StreamAgent(open);
      const answer = await askOver(agent, question, signal);
      free.push(agent);
      return answer;
    },
    attach: (question, signal) => attachOver(new StreamAgent(open), question, signal),
  };
}

/** One stream, on which looks wait for each other. */
class OneByOne {
  /** Looks that wait or are under way. */
  count = 0;
  readonly #agent: StreamAgent;
  #last: Promise<unknown> = Promise.resolve();

  constructor(open: () => Promise<Duplex>) {
    this.#agent = new StreamAgent(open);
  }

  get(path: string, signal: AbortSignal): Promise<EngineAnswer> {
    this.count += 1;
    const answer = this.#last.then(() => askOver(this.#agent, { method: 'GET', path }, signal));
    const ended = (): void => {
      this.count -= 1;
    };
    this.#last = answer.then(ended, ended);
    return answer;
  }
}
