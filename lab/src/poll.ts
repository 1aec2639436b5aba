import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './error.ts';

/** Asks until the answer is true; throws LabError naming what was awaited. */
export async function waitUntil(what: string, isDone: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new LabError(`${what} did not happen within ${String(timeoutMs / 1000)} s`);
    await delay(40);
  }
}

/** Does a server on this address speak first with these bytes (ssh does), or, without them, accept a connection? */
export function canConnect(host: string, port: number, greeting = ''): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.setTimeout(1000, () => {
      finish(false);
    });
    socket.once('error', () => {
      finish(false);
    });
    socket.once('connect', () => {
      if (greeting === '') finish(true);
    });
    socket.once('data', (data: Buffer) => {
      finish(data.toString('latin1').startsWith(greeting));
    });
    socket.once('end', () => {
      finish(false);
    });
  });
}

export interface HttpTarget {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
  readonly path: string;
}

/** The status of a GET, or 0 where nobody answers. */
export function fetchStatus(target: HttpTarget): Promise<number> {
  return new Promise((resolve) => {
    const asked = request({ ...target, method: 'GET', timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => {
      resolve(0);
    });
    asked.end();
  });
}
