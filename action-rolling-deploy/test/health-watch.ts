import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { LabServer } from '../../lab/src/index.ts';

const lookEveryMs = 100;

/** Looks at a project's containers ten times a second, over the engine's own socket: what I1 is measured by. */
export interface HealthWatch {
  /** Moments at which fewer healthy containers of the service ran than allowed, as sentences. */
  readonly problems: () => readonly string[];
  readonly looks: () => number;
  stop(): Promise<void>;
}

/** One container in the answer of `GET /containers/json`. */
interface Entry {
  readonly Names: readonly string[];
  readonly Status: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** Counts healthy containers of `service` until it is stopped. */
export function watchHealth(server: LabServer, project: string, service: string, atLeast: number): HealthWatch {
  const start = performance.now();
  const problems: string[] = [];
  const ended = new AbortController();
  let looks = 0;
  let wasFine = true;
  const look = async (): Promise<void> => {
    const containers = await listContainers(server.dockerSocket, project);
    if (containers === undefined) return;
    const own = containers.filter(({ Labels }) => Labels['com.docker.compose.service'] === service);
    const healthy = own.filter(({ Status }) => Status.endsWith('(healthy)')).length;
    looks += 1;
    const isFine = healthy >= atLeast;
    // One sentence for each gap.
    if (!isFine && wasFine) {
      const seen = own.map(({ Names, Status }) => `${Names.join()} ${Status}`).join('; ');
      const second = ((performance.now() - start) / 1000).toFixed(1);
      problems.push(`I1: ${healthy} of ${atLeast} healthy ${second} s after the start (${seen || 'no container'})`);
    }
    wasFine = isFine;
  };
  const loop = (async () => {
    while (!ended.signal.aborted) {
      await look();
      await delay(lookEveryMs, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  return {
    problems: () => problems,
    looks: () => looks,
    stop: async () => {
      ended.abort();
      await loop;
    },
  };
}

/** All containers of a project, also ended ones; undefined while the engine does not answer. */
function listContainers(socketPath: string, project: string): Promise<readonly Entry[] | undefined> {
  const filters = JSON.stringify({ label: [`com.docker.compose.project=${project}`] });
  const path = `/containers/json?all=1&filters=${encodeURIComponent(filters)}`;
  return new Promise((resolve) => {
    const asked = request({ socketPath, path, timeout: 5000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        resolve(
          response.statusCode === 200
            ? // The engine's own answer to our own question.
              (JSON.parse(Buffer.concat(chunks).toString('utf8')) as readonly Entry[])
            : undefined,
        );
      });
      response.once('error', () => {
        resolve(undefined);
      });
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => {
      resolve(undefined);
    });
    asked.end();
  });
}
