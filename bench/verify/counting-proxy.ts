import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A door in front of a registry and its token server that counts what is asked of both. */
export interface CountingProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>`: loopback, which every party reaches without TLS. */
  readonly host: string;
  /** Requests since the last call. */
  take(): number;
}

/**
 * @param registry `ip:port`, plain http; a realm that it names on any host is reached through this door too
 * @param delayMs how long each request is held, as a network would; what a handshake takes is not imitated
 */
export async function openCountingProxy(registry: string, delayMs = 0): Promise<CountingProxy> {
  let count = 0;
  let tokenServer: URL | undefined;
  const server = createServer((incoming, answer) => {
    count++;
    const path = incoming.url ?? '/';
    const to = path.startsWith('/token') ? tokenServer : new URL(`http://${registry}`);
    if (to === undefined) {
      answer.writeHead(404).end();
      return;
    }
    setTimeout(pass, delayMs, incoming, answer, new URL(path, to));
  });
  const pass = (incoming: IncomingMessage, answer: ServerResponse, url: URL): void => {
    forward(incoming, answer, url, (challenge) =>
      challenge.replace(/realm="([^"]+)"/, (_whole, realm: string) => {
        tokenServer = new URL(realm);
        return `realm="http://${host}/token"`;
      }),
    );
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    host,
    take: () => {
      const taken = count;
      count = 0;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(incoming: IncomingMessage, answer: ServerResponse, url: URL, rewrite: (text: string) => string): void {
  const headers = { ...incoming.headers, host: url.host };
  const onward = request(url, { method: incoming.method ?? 'GET', headers }, (found) => {
    const challenge = found.headers['www-authenticate'];
    const changed = challenge === undefined ? {} : { 'www-authenticate': rewrite(challenge) };
    answer.writeHead(found.statusCode ?? 502, { ...found.headers, ...changed });
    found.pipe(answer);
  });
  onward.on('error', () => answer.writeHead(502).end());
  incoming.pipe(onward);
}
