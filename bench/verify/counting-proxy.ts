import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A door in front of a registry and its token server that counts what is asked of both. */
export interface CountingProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>`: loopback, which every party reaches without TLS. */
  readonly host: string;
  /** Requests since the last call. */
  take(): number;
}

const requestLine = /^[A-Z]+ \S+ HTTP\/1\.1\r$/gm;

/**
 * Passes bytes on and reads no more of them than it has to: what the door itself takes would be added to everybody's time.
 * @param registry `ip:port`, plain http; a realm that it names on any host is reached through a door too
 * @param delayMs how long each request is held, as a network would; what a handshake takes is not imitated
 */
export async function openCountingProxy(registry: string, delayMs = 0): Promise<CountingProxy> {
  let count = 0;
  let tokenServer = '';
  const onRequest = (bytes: Buffer): void => {
    count += bytes.toString('latin1').match(requestLine)?.length ?? 0;
  };
  const keep = (bytes: Buffer): Buffer => bytes;
  const tokens = await openDoor(() => tokenServer, onRequest, keep, delayMs);
  const door = await openDoor(() => registry, onRequest, nameTokenDoor, delayMs);
  function nameTokenDoor(bytes: Buffer): Buffer {
    if (!bytes.includes('realm="http:')) return bytes;
    const text = bytes.toString('latin1').replace(/realm="http:\/\/([^/"]+)/, (_whole, host: string) => {
      tokenServer = host;
      return `realm="http://${tokens.host}`;
    });
    return Buffer.from(text, 'latin1');
  }
  return {
    host: door.host,
    take: () => {
      const taken = count;
      count = 0;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([door.close(), tokens.close()]);
    },
  };
}

interface Door {
  readonly host: string;
  close(): Promise<void>;
}

async function openDoor(
  to: () => string,
  onRequest: (bytes: Buffer) => void,
  rewrite: (bytes: Buffer) => Buffer,
  delayMs: number,
): Promise<Door> {
  const open = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (client) => {
    const [host = '', port = '80'] = to().split(':');
    const onward = connect({ host, port: Number(port), noDelay: true });
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    client.on('data', (bytes: Buffer) => {
      onRequest(bytes);
      if (delayMs === 0) onward.write(bytes);
      else setTimeout(() => onward.write(bytes), delayMs);
    });
    onward.on('data', (bytes: Buffer) => client.write(rewrite(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
