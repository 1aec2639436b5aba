import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab/src/index.ts';

/** A project on the lab's server: what its owner prepared once. */
export interface Stage {
  /** Folder on the server; its last part is the name of the Compose project. */
  readonly path: string;
  readonly project: string;
  /** Where users reach it. */
  readonly url: string;
}

/** The consumer's repository of the demo. */
export const appFolder = fileURLToPath(new URL('app', import.meta.url));

async function writeRemote(lab: Lab, path: string, text: string): Promise<void> {
  await lab.server.exec(['tee', path], { stdin: text });
}

/** Where a port that the lab's server publishes is reached from this machine. */
export function addressOf(lab: Lab, httpPort: number): string {
  return `http://${lab.server.address}:${String(httpPort)}/`;
}

/** Removes what an earlier run of the demo left on the server: containers, networks and the folder. */
export async function clearStage(lab: Lab, project: string): Promise<void> {
  const label = `label=com.docker.compose.project=${project}`;
  const containers = (await lab.server.docker(['ps', '-aq', '--filter', label])).stdout
    .split(/\s+/)
    .filter((id) => id !== '');
  if (containers.length > 0) await lab.server.docker(['rm', '-f', ...containers]);
  const networks = (await lab.server.docker(['network', 'ls', '-q', '--filter', label])).stdout
    .split(/\s+/)
    .filter((id) => id !== '');
  if (networks.length > 0) await lab.server.docker(['network', 'rm', ...networks]);
  await lab.server.exec(['rm', '-rf', `/srv/${project}`]);
}

/**
 * What the owner of a server does once: a folder that belongs to the deploy user, and an .env file with what differs between servers.
 * @param env further variables of that file.
 */
export async function prepareStage(
  lab: Lab,
  project: string,
  httpPort: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  await clearStage(lab, project);
  const path = `/srv/${project}`;
  await lab.server.exec(['mkdir', '-p', path]);
  const proxy = `${lab.registry.anonymous.address}/${lab.images.haproxy.repository}@${lab.images.haproxy.digest}`;
  const variables = { PROXY_IMAGE: proxy, HTTP_PORT: String(httpPort), ...env };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  await writeRemote(lab, `${path}/.env`, lines.join(''));
  await lab.server.exec(['chown', '-R', `${lab.server.user}:`, path]);
  return { path, project, url: addressOf(lab, httpPort) };
}

/** Copies the compose file and the proxy's configuration by hand, as the control does. */
export async function copyAppByHand(lab: Lab, stage: Stage): Promise<void> {
  await lab.server.exec(['mkdir', '-p', `${stage.path}/proxy`]);
  for (const file of ['compose.yaml', 'proxy/haproxy.cfg'])
    await writeRemote(lab, `${stage.path}/${file}`, await readFile(`${appFolder}/${file}`, 'utf8'));
}

/** Resolves when the project answers its users for the first time. Rejects when `signal` aborts. */
export async function waitUntilServes(stage: Stage, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const attempt = AbortSignal.any([signal, AbortSignal.timeout(1_000)]);
    const isServing = await fetch(stage.url, { signal: attempt }).then(
      (response) => response.ok,
      () => false,
    );
    if (isServing) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
