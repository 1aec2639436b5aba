import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { LabError } from './error.ts';

export interface CaughtRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface CatcherAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Answer only after this time; Infinity never answers. */
  readonly delayMs?: number;
  /** Cut the connection instead of answering. */
  readonly isReset?: boolean;
}

/** What a service answers by itself, when nothing is scripted; undefined: 204. */
export type CatcherService = (request: CaughtRequest) => CatcherAnswer | undefined;

/** A chat service's webhook endpoint on loopback that keeps what it is sent. */
export interface WebhookCatcher extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly requests: readonly CaughtRequest[];
  /** The next requests get these answers, in this order; after them 204 again. */
  script(...answers: readonly CatcherAnswer[]): void;
  /** The same for requests whose path begins so: several services at once come in any order. */
  scriptFor(path: string, ...answers: readonly CatcherAnswer[]): void;
  /** Resolves when that many requests have come in all. */
  waitFor(count: number): Promise<readonly CaughtRequest[]>;
  close(): Promise<void>;
}

export async function openWebhookCatcher(
  host = '127.0.0.1',
  service: CatcherService = () => undefined,
): Promise<WebhookCatcher> {
  const requests: CaughtRequest[] = [];
  const scripted: { readonly path: string; readonly answer: CatcherAnswer }[] = [];
  const nextAnswer = (request: CaughtRequest): CatcherAnswer => {
    const index = scripted.findIndex(({ path }) => request.path.startsWith(path));
    const [found] = index === -1 ? [] : scripted.splice(index, 1);
    return found?.answer ?? service(request) ?? { status: 204 };
  };
  const waiters = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const caught = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(caught);
      for (const check of waiters) check();
      const { status, headers: extra = {}, body = '', delayMs = 0, isReset = false } = nextAnswer(caught);
      if (isReset) return void request.socket.destroy();
      if (delayMs === Number.POSITIVE_INFINITY) return;
      setTimeout(() => response.writeHead(status, extra).end(body), delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new LabError('the webhook catcher has no port');
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  return {
    url: `http://${host}:${String(bound.port)}`,
    requests,
    script: (...next) => {
      scripted.push(...next.map((answer) => ({ path: '', answer })));
    },
    scriptFor: (path, ...next) => {
      scripted.push(...next.map((answer) => ({ path, answer })));
    },
    waitFor: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (requests.length < count) return;
          waiters.delete(check);
          resolve(requests);
        };
        waiters.add(check);
        check();
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
