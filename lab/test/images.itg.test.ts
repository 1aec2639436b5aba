import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab } from '../src/index.ts';
import type { Lab } from '../src/index.ts';
import { canConnect, waitUntil } from '../src/poll.ts';

let lab: Lab;
let port = 18_700;
const started: string[] = [];

interface Running {
  readonly name: string;
  readonly url: string;
}

async function run(
  image: string,
  env: Readonly<Record<string, string>> = {},
  options: readonly string[] = [],
): Promise<Running> {
  // Several at a time ask for one.
  const own = ++port;
  const name = `lab-images-test-${String(own)}`;
  started.push(name);
  await lab.server.docker(['rm', '-f', name], { allowFailure: true });
  const settings = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  await lab.server.docker(['run', '-d', '--name', name, '-p', `${String(own)}:8000`, ...options, ...settings, image]);
  return { name, url: `http://${lab.server.address}:${String(own)}` };
}

async function inspect(name: string, format: string): Promise<string> {
  return (await lab.server.docker(['inspect', '-f', format, name])).stdout.trim();
}

async function waitForHealth(name: string, wanted: string): Promise<void> {
  await waitUntil(
    `${name} being ${wanted}`,
    async () => (await inspect(name, '{{.State.Health.Status}}')) === wanted,
    180_000,
  );
}

function appImage(release: 'v1' | 'v2' | 'v3' = 'v1'): string {
  return lab.reference('anonymous', lab.images.app.repository, lab.images.app[release].digest);
}

beforeAll(async () => {
  lab = await openLab();
});

afterAll(async () => {
  await lab.server.docker(['rm', '-f', ...started], { allowFailure: true });
});

// Most of it is waiting for health checks.
describe('the app', { concurrent: true }, () => {
  it('says which commit it is, echoes a POST, and drains when told to', async () => {
    const { name, url } = await run(appImage('v2'));
    await waitForHealth(name, 'healthy');
    const { sha, version } = lab.images.app.v2;
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ git_sha: sha, version });
    expect(await (await fetch(`${url}/any/path`, { method: 'POST', body: 'hello' })).json()).toMatchObject({
      git_sha: sha,
      echo: 'hello',
    });
    await lab.server.docker(['exec', name, 'touch', '/tmp/drain']);
    const draining = await fetch(`${url}/healthz`);
    expect([draining.status, draining.headers.get('connection')]).toEqual([503, 'close']);
    expect((await fetch(`${url}/`)).status).toBe(200);
  });

  it('finishes the request in flight at SIGTERM and ends with exit code 0', async () => {
    const { name, url } = await run(appImage());
    await waitForHealth(name, 'healthy');
    const inFlight = fetch(`${url}/?ms=1500`);
    await waitUntil('a second request being answered', async () => (await fetch(url)).ok, 180_000);
    await lab.server.docker(['stop', '--time', '20', name]);
    expect((await inFlight).status).toBe(200);
    expect(await inspect(name, '{{.State.ExitCode}}')).toBe('0');
  });

  it('never opens its port in v3, and becomes unhealthy', async () => {
    const { name, url } = await run(appImage('v3'));
    await waitForHealth(name, 'unhealthy');
    await expect(fetch(url)).rejects.toThrow();
    expect(await inspect(name, '{{.State.Running}}')).toBe('true');
  });

  it('stays unhealthy with an open port when NEVER_HEALTHY is 503', async () => {
    const { name, url } = await run(appImage(), { NEVER_HEALTHY: '503' }, ['--health-start-period', '1ms']);
    await waitForHealth(name, 'unhealthy');
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
  });

  it('crashes with CRASH_LOOP, listens late with BOOT_MS, and ignores SIGTERM when told to', async () => {
    const crashing = await run(appImage(), { CRASH_LOOP: '1' });
    await waitUntil(
      'the crash',
      async () => (await inspect(crashing.name, '{{.State.ExitCode}} {{.State.Running}}')) === '1 false',
      180_000,
    );
    const late = await run(appImage(), { BOOT_MS: '2000', IGNORE_SIGTERM: '1' });
    await waitForHealth(late.name, 'healthy');
    const { stdout } = await lab.server.docker(['logs', '--timestamps', late.name]);
    const listening = Date.parse(/^(\S+) listening/m.exec(stdout)?.[1] ?? '');
    expect(listening - Date.parse(await inspect(late.name, '{{.State.StartedAt}}'))).toBeGreaterThanOrEqual(2000);
    await lab.server.docker(['stop', '--time', '1', late.name]);
    expect(await inspect(late.name, '{{.State.ExitCode}}')).toBe('137');
  });

  it('with BOOT_OPEN takes connections at once and lets them wait for BOOT_MS', async () => {
    const { url } = await run(appImage(), { BOOT_MS: '3600000', BOOT_OPEN: '1' });
    const { hostname, port: at } = new URL(url);
    await waitUntil('a connection', () => canConnect(hostname, Number(at)), 180_000);
    await expect(fetch(url, { signal: AbortSignal.timeout(1000) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('the worker', () => {
  it('finishes its current job at SIGTERM', async () => {
    const { name } = await run(lab.reference('anonymous', 'lab/worker', lab.images.worker.v1.digest));
    const logs = async (): Promise<string> => (await lab.server.docker(['logs', name])).stdout;
    await waitUntil('a job done', async () => (await logs()).includes('job 1 done'), 180_000);
    const check = ['exec', name, '/usr/bin/node', '/app/check.mjs'];
    const isWell = async (): Promise<boolean> =>
      (await lab.server.docker(check, { allowFailure: true })).exitCode === 0;
    await waitUntil('a job done within the last five seconds', isWell, 180_000);
    await lab.server.docker(['stop', '--time', '120', name]);
    const lines = (await logs()).trim().split('\n');
    const last = /^stopped after job (\d+)$/.exec(lines.at(-1) ?? '')?.[1];
    expect(lines).toContain(`job ${last ?? '?'} done`);
    expect(await inspect(name, '{{.State.ExitCode}}')).toBe('0');
  });
});

describe('images that are special in one way', () => {
  it('label another commit, another platform, or list two platforms', async () => {
    const { appMislabelled, appOtherPlatform, appIndex, app } = lab.images;
    const pull = async (repository: string, digest: string, format: string): Promise<string> => {
      const image = lab.reference('anonymous', repository, digest);
      await lab.server.docker(['pull', '-q', image]);
      return inspect(image, format);
    };
    const revision = '{{index .Config.Labels "org.opencontainers.image.revision"}}';
    expect(await pull(appMislabelled.repository, appMislabelled.digest, revision)).toBe(app.v2.sha);
    expect(await pull(appOtherPlatform.repository, appOtherPlatform.digest, '{{.Architecture}}')).toBe(
      appOtherPlatform.architecture,
    );
    expect(Object.keys(appIndex.manifests)).toHaveLength(2);
    expect(await pull(appIndex.repository, appIndex.digest, revision)).toBe(app.v1.sha);
  });
});
