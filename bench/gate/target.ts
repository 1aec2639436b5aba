import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What answers before the new commit is ready. */
export type Before = 'refused' | '503' | 'old commit';

export const NEW_COMMIT = '2222222222222222222222222222222222222222';
const OLD_COMMIT = '1111111111111111111111111111111111111111';

/** An app on this machine that becomes ready when it is told to. */
export interface Target {
  readonly url: string;
  /** From now on the new commit answers; gives the time by `performance.now()`. */
  makeReady(): Promise<number>;
  close(): void;
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

export async function openTarget(before: Before): Promise<Target> {
  let isReady = false;
  const handler: RequestListener = (_, response) => {
    const commit = isReady ? NEW_COMMIT : OLD_COMMIT;
    if (!isReady && before === '503') response.statusCode = 503;
    response.setHeader('connection', 'close');
    response.end(JSON.stringify({ git_sha: commit }));
  };
  const first = createServer(handler);
  const port = await listen(first, 0);
  const servers = [first];
  // A port that is known and closed: its number was given out and taken back.
  if (before === 'refused') await new Promise((resolve) => first.close(resolve));
  return {
    url: `http://127.0.0.1:${port}/healthz`,
    makeReady: async () => {
      if (before === 'refused') {
        const second = createServer(handler);
        servers.push(second);
        await listen(second, port);
      }
      isReady = true;
      return performance.now();
    },
    close: () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
