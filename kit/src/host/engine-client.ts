import { Agent, request, type ClientRequest, type ClientRequestArgs, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** An answer of Docker's engine. */
export interface EngineAnswer {
  readonly status: number;
  /** Its JSON, parsed; undefined where it has no body. */
  readonly body: unknown;
}

/** A request of its API. */
export interface EngineQuestion {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With an encoded query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** A stream of the host as the connection of Node's own HTTP client; it lives as long as the host's connection. */
export class StreamAgent extends Agent {
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

/** The whole answer. Rejects where none came, and when `signal` is aborted before. */
export function askOver(agent: Agent, question: EngineQuestion, signal: AbortSignal): Promise<EngineAnswer> {
  return send(agent, question, {}, signal, (asked, resolve, reject) => {
    asked.once('response', (response) => void readAnswer(response).then(resolve, reject));
  });
}

/**
 * The stream that the connection becomes, as `docker exec` does it. Rejects where the engine answers with something else.
 * `signal` is for the opening alone.
 */
export function attachOver(agent: Agent, question: EngineQuestion, signal: AbortSignal): Promise<Duplex> {
  return send(agent, question, { Connection: 'Upgrade', Upgrade: 'tcp' }, signal, (asked, resolve, reject) => {
    asked.once('upgrade', (_response, stream: Duplex, head: Buffer) => {
      if (head.length > 0) stream.unshift(head);
      resolve(stream);
    });
    asked.once('response', (response) => {
      response.resume();
      reject(new Error(`the engine answered ${question.path} with ${String(response.statusCode)}`));
    });
  });
}

function send<T>(
  agent: Agent,
  { method, path, body }: EngineQuestion,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  listen: (asked: ClientRequest, resolve: (value: T) => void, reject: (thrown: unknown) => void) => void,
): Promise<T> {
  if (signal.aborted) return Promise.reject(new Error(`${path} was not asked`, { cause: signal.reason }));
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const typed = text === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
    const asked = request({ agent, method, path, headers: { Host: 'docker', ...typed, ...headers } });
    // Not by the request's own `signal`: while its stream has not come, or does not close, it hears of nothing.
    const stop = (): void => {
      reject(new Error(`no answer to ${path} in time`, { cause: signal.reason }));
      asked.destroy();
    };
    const fail = (thrown: unknown): void => {
      signal.removeEventListener('abort', stop);
      reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
    };
    const succeed = (value: T): void => {
      signal.removeEventListener('abort', stop);
      resolve(value);
    };
    listen(asked, succeed, fail);
    asked.on('error', fail);
    signal.addEventListener('abort', stop, { once: true });
    asked.end(text);
  });
}

async function readAnswer(response: IncomingMessage): Promise<EngineAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const body: unknown = text.trim() === '' ? undefined : JSON.parse(text);
  return { status: response.statusCode ?? 0, body };
}
