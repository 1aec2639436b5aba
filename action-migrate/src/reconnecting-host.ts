import { HostError, type Host } from '@deploy-actions/kit/host/host';
import type { Clock } from '@deploy-actions/kit/time/clock';

export interface Redial {
  readonly connect: () => Promise<Host>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (message: string) => void;
}

const redialForMs = 60_000;
const redialEveryMs = 3_000;

/** Whether the connection broke under a command, so that nobody knows how the command ended. */
export function isConnectionLoss(thrown: unknown): boolean {
  return thrown instanceof HostError && thrown.code === 'CONNECTION_LOST';
}

/**
 * A host that dials again after its connection broke. The command under which it broke still fails (what it did is
 * unknown; only its caller knows whether to ask again); the next one gets a new connection.
 */
export function reconnectingHost(first: Host, redial: Redial): Host {
  let current = first;
  let isBroken = false;
  let earlierCommands = 0;
  let dialing: Promise<Host> | undefined;

  const dialAgain = async (): Promise<Host> => {
    earlierCommands += current.commandCount;
    await current.close().catch(() => undefined);
    current = await dialPatiently(redial);
    isBroken = false;
    redial.say(`Connected to ${current.name} again.`);
    return current;
  };
  const live = (): Promise<Host> => {
    if (!isBroken) return Promise.resolve(current);
    dialing ??= dialAgain().finally(() => {
      dialing = undefined;
    });
    return dialing;
  };
  const through = async <T>(use: (host: Host) => Promise<T>): Promise<T> => {
    const host = await live();
    try {
      return await use(host);
    } catch (thrown) {
      if (isConnectionLoss(thrown) && host === current) isBroken = true;
      throw thrown;
    }
  };
  return {
    name: first.name,
    kind: first.kind,
    exec: (argv, options) => through((host) => host.exec(argv, options)),
    script: (source, args, options) => through((host) => host.script(source, args, options)),
    forward: (address, port) => through((host) => host.forward(address, port)),
    get commandCount() {
      return earlierCommands + current.commandCount;
    },
    close: () => current.close(),
  };
}

/** A cut network often comes back within a minute; a refused key or another host key does not. */
async function dialPatiently({ connect, clock, signal }: Redial): Promise<Host> {
  const start = clock.now();
  for (;;) {
    try {
      return await connect();
    } catch (thrown) {
      const mayComeBack =
        thrown instanceof HostError && (thrown.code === 'HOST_UNREACHABLE' || thrown.code === 'CONNECTION_LOST');
      if (!mayComeBack || clock.now() - start >= redialForMs) throw thrown;
    }
    await clock.sleep(redialEveryMs, signal);
  }
}
