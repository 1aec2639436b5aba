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
}

/** A chat service's webhook endpoint on loopback that keeps what it is sent. */
export interface WebhookCatcher extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly requests: readonly CaughtRequest[];
  /** The next requests get these answers, in this order; after them 204 again. */
  script(...answers: readonly CatcherAnswer[]): void;
  /** Resolves when that many requests have come in all. */
  waitFor(count: number): Promise<readonly CaughtRequest[]>;
  close(): Promise<void>;
}

export async function openWebhookCatcher(host = '127.0.0.1'): Promise<WebhookCatcher> {
  const requests: CaughtRequest[] = [];
  const answers: CatcherAnswer[] = [];
  const waiters = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') });
      for (const check of waiters) check();
      const { status, headers: extra = {}, body = '', delayMs = 0 } = answers.shift() ?? { status: 204 };
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
      answers.push(...next);
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
