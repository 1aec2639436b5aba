import { createServer } from 'node:http';
import { connect } from 'node:net';

/** A proxy on loopback that keeps where it was asked to connect to. */
export interface ConnectProxy {
  readonly url: string;
  /** `host:port` of each tunnel. */
  readonly tunnels: readonly string[];
  close(): void;
}

export async function openConnectProxy(): Promise<ConnectProxy> {
  const tunnels: string[] = [];
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', (request, socket, head) => {
    const target = request.url ?? '';
    tunnels.push(target);
    const [host, port] = target.split(':');
    const behind = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      behind.write(head);
      behind.pipe(socket).pipe(behind);
    });
    for (const end of [behind, socket]) end.on('error', () => [behind, socket].forEach((other) => other.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    tunnels,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
