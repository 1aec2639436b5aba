import { startExec, type RunningExec } from '@deploy-actions/kit/compose/engine-exec';
import type { PartResult } from '@deploy-actions/kit/host/batch';
import { deferred, type Deferred } from '@deploy-actions/kit/host/deferred';
import { engineDoorOf } from '@deploy-actions/kit/host/engine-door';
import type { Host } from '@deploy-actions/kit/host/host';
import { sessionInside } from './haproxy-inside.ts';

/** What to do and three arguments: the lines that {@link sessionInside} reads. */
export type Order = readonly [verb: 'drain' | 'settle', one: string, two: string, three: string];

/**
 * A shell in the container of each HAProxy, for as long as a service's rollout has something to tell it: two starts of a
 * program there, and the engine's work for them, are what users notice of a deploy (docs/benchmarks.md). It is reached over
 * the engine's socket, so it takes no session of sshd's limit.
 */
export interface HaproxySessions {
  /** Starts it, where there is a way to it. Never throws. */
  prepare(service: string, proxy: string): void;
  /** Starts it where it does not run yet. Rejects where no answer comes. */
  ask(service: string, proxy: string, order: Order, signal: AbortSignal): Promise<PartResult>;
  /** Ends one. */
  end(service: string, proxy: string): void;
  /** Ends all. */
  close(): void;
}

const openTimeoutMs = 15_000;

export function haproxySessions(host: Host): HaproxySessions {
  const open = new Map<string, Promise<Session>>();
  const at = (key: string, proxy: string): Promise<Session> => {
    const found = open.get(key);
    if (found !== undefined) return found;
    const session = openSession(host, proxy);
    session.catch(() => undefined);
    open.set(key, session);
    return session;
  };
  const keyOf = (service: string, proxy: string): string => `${service} ${proxy}`;
  const end = (key: string): void => {
    open.get(key)?.then(
      (session) => {
        session.close();
      },
      () => undefined,
    );
    open.delete(key);
  };
  return {
    prepare: (service, proxy) => void at(keyOf(service, proxy), proxy),
    ask: async (service, proxy, order, signal) => {
      const key = keyOf(service, proxy);
      try {
        return await (await at(key, proxy)).ask(order, signal);
      } catch (thrown) {
        end(key);
        throw thrown;
      }
    },
    end: (service, proxy) => {
      end(keyOf(service, proxy));
    },
    close: () => {
      for (const key of [...open.keys()]) end(key);
    },
  };
}

/** Heard by who then takes the command. */
export function noWay(why: string): Error {
  return new Error(why);
}

/** One shell. Its orders are told one after another by its caller. */
class Session {
  #said = '';
  #stderr = '';
  #waiting: Deferred<PartResult> | undefined;
  #exec: RunningExec | undefined;

  readonly listeners = {
    onStdout: (chunk: Buffer): void => {
      this.#said += chunk.toString('utf8');
      const end = /^([^]*?)\nend (\d+)\n/.exec(this.#said);
      if (end === null) return;
      this.#said = this.#said.slice(end[0].length);
      this.#waiting?.resolve({ code: Number(end[2]), stdout: end[1] ?? '', stderr: this.#stderr });
    },
    onStderr: (chunk: Buffer): void => {
      this.#stderr += chunk.toString('utf8');
    },
  };

  begin(exec: RunningExec): void {
    this.#exec = exec;
    const gone = (): void => {
      this.#waiting?.reject(new Error('the shell in HAProxy’s container ended'));
      this.#waiting = undefined;
      this.#exec = undefined;
    };
    exec.ended.then(gone, gone);
  }

  async ask(order: Order, signal: AbortSignal): Promise<PartResult> {
    const exec = this.#exec;
    if (exec === undefined) throw noWay('the shell in HAProxy’s container has ended');
    const waiting = deferred<PartResult>();
    this.#waiting = waiting;
    this.#stderr = '';
    const stop = (): void => {
      waiting.reject(new Error('HAProxy gave no answer in time', { cause: signal.reason }));
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      exec.write(order.map((line) => `${line}\n`).join(''));
      return await waiting.promise;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#exec?.close();
  }
}

async function openSession(host: Host, proxy: string): Promise<Session> {
  const engine = engineDoorOf(host);
  if (engine === undefined) throw noWay('the engine cannot be asked');
  const session = new Session();
  const wish = { id: proxy, argv: ['sh', '-c', sessionInside, 'sh'], hasStdin: true };
  session.begin(await startExec(engine, wish, session.listeners, AbortSignal.timeout(openTimeoutMs)));
  return session;
}
