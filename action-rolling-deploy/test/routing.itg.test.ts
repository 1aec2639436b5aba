import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureImages } from '../../lab/src/index.ts';
import { startLoad, type LoadReport } from '../../lab/src/load/index.ts';
import type { StepResult } from '../../lab/src/runner/index.ts';
import { appImage, makeProject, type Project } from './project.ts';

type Proxy = 'haproxy' | 'nginx' | 'caddy';

const recipes = {
  haproxy: { port: 8080, folder: '/etc/haproxy', file: 'haproxy.cfg', source: 'haproxy.cfg', more: '' },
  nginx: { port: 80, folder: '/etc/nginx/conf.d', file: 'app.conf', source: 'nginx.conf', more: 'depends_on: [app]' },
  caddy: { port: 80, folder: '/etc/caddy', file: 'Caddyfile', source: 'Caddyfile', more: '' },
} as const;

let project: Project;
const port = 18_791;

beforeAll(async () => {
  await ensureImages('proxies');
  project = await makeProject('routing-itg');
});

afterEach(async () => {
  await project.empty();
});

afterAll(async () => {
  await project.remove();
});

/** The proxy of docs/proxies.md before an app that listens at once and answers only after `bootMs`. */
async function lay(proxy: Proxy, more: { bootMs?: number; labels?: string; oneNetwork?: boolean } = {}): Promise<void> {
  const { port: inside, folder, file, source, more: service } = recipes[proxy];
  const image = project.lab.images[proxy];
  if (image === undefined) throw new RangeError(`the lab has no ${proxy}`);
  const networks =
    more.oneNetwork === true
      ? ['', '', '']
      : ['networks: [default, edge]', 'networks: [edge]', 'networks: { edge: {} }'];
  await project.write(
    `proxy/${file}`,
    await readFile(new URL(`../../bench/rollout/proxies/${source}`, import.meta.url), 'utf8'),
  );
  await project.lay(`services:
  app:
    image: unset.example/app:0
    environment: { BOOT_MS: '${more.bootMs ?? 0}', BOOT_OPEN: '1' }
    labels: { ${more.labels ?? ''} }
    ${networks[0] ?? ''}
  proxy:
    image: ${project.lab.reference('anonymous', image.repository, image.digest)}
    ports: ['${port}:${inside}']
    volumes: ['./proxy:${folder}:ro']
    ${service}
    ${networks[1] ?? ''}
${networks[2] ?? ''}
`);
}

/** From v1 to the given release under load. */
async function deployUnderLoad(release: 'v2' | 'v3'): Promise<{ step: StepResult; load: LoadReport }> {
  const first = await project.deploy({ images: appImage(project.lab, 'v1') });
  expect(first.outputs['outcome'], first.log).toBe('deployed');
  const url = `http://${project.lab.server.address}:${port}/`;
  await expect.poll(() => fetch(url).then((answer) => answer.status), { timeout: 10_000 }).toBe(200);
  const load = await startLoad({ url, rate: 100, limitMs: 10_000, seconds: 120 });
  const step = await project.deploy({ images: appImage(project.lab, release) });
  return { step, load: await load.stop() };
}

/** Reused client connections that nginx closes while it reloads: the client sees a reset before any answer (ADR 0006). */
const isReloadReset = ({ kind, isKeepAlive }: LoadReport['failures'][number]): boolean =>
  kind === 'reset' && isKeepAlive;

describe('routes', () => {
  it('drains the old container through HAProxy’s runtime API, and loses no request', async () => {
    await lay('haproxy');
    const { step, load } = await deployUnderLoad('v2');
    expect(step.outputs['outcome'], step.log).toBe('deployed');
    expect(step.log).toContain('proxy has drained routing-itg-app-1: it takes no new request');
    expect(load.failures).toEqual([]);
    const { stdout } = await project.lab.server.docker([
      'exec',
      'routing-itg-proxy-1',
      'sh',
      '-c',
      'echo show servers state | /bin/busybox nc 127.0.0.1 9999',
    ]);
    const admin = stdout
      .split('\n')
      .map((line) => line.split(' '))
      .filter((line) => line[1] === 'app')
      .map((line) => Number(line[6]));
    expect(admin.filter((state) => (state & 8) !== 0)).toEqual([]);
  });

  it('reloads nginx onto the new container; only reused connections of clients see it', async () => {
    await lay('nginx', { oneNetwork: true });
    const { step, load } = await deployUnderLoad('v2');
    expect(step.outputs['outcome'], step.log).toBe('deployed');
    expect(step.log).toContain('proxy was reloaded onto routing-itg-app-2');
    expect(load.failures.filter((failure) => !isReloadReset(failure))).toEqual([]);
    const { stdout } = await project.lab.server.docker(['exec', 'routing-itg-proxy-1', 'cat', '/etc/hosts']);
    expect(stdout).not.toContain('deploy-actions');
    expect(stdout).toContain('localhost');
  });

  it('needs to tell Caddy nothing, and tells it where a label says so', async () => {
    await lay('caddy');
    const quiet = await deployUnderLoad('v2');
    expect(quiet.step.outputs['outcome'], quiet.step.log).toBe('deployed');
    expect(quiet.load.failures).toEqual([]);
    await project.empty();
    await lay('caddy', { labels: 'deploy-actions.route: caddy' });
    const told = await deployUnderLoad('v2');
    expect(told.step.log).toContain('proxy sends to routing-itg-app-2 only');
    expect(told.load.failures.filter((failure) => !isReloadReset(failure))).toEqual([]);
    const api = [
      'exec',
      'routing-itg-proxy-1',
      '/bin/busybox',
      'wget',
      '-q',
      '-O',
      '-',
      'http://127.0.0.1:2019/config/',
    ];
    expect((await project.lab.server.docker(api)).stdout).toContain('"dial":"app:8000"');
  });

  it('shows a booting container to nobody: a person who comes meanwhile waits for nothing', async () => {
    await lay('caddy', { bootMs: 4000 });
    const { step, load } = await deployUnderLoad('v2');
    expect(step.log).toContain('joins edge once healthy');
    expect(step.log).toContain('routing-itg-app-2 joined edge');
    expect(load.failures).toEqual([]);
    // Beside a container that answers after 4 s, half of all requests would wait for seconds.
    expect(load.phases[0]?.latency.p95).toBeLessThan(1_500);
    const before = await project.containers();
    const { stdout } = await project.lab.server.docker([
      'inspect',
      '--format',
      '{{json .NetworkSettings.Networks}}',
      'routing-itg-app-2',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      'routing-itg_edge': { Aliases: expect.arrayContaining(['routing-itg-app-2', 'app']) as unknown },
    });
    await project.upByHand();
    expect(await project.containers()).toEqual(before);
  });

  it('leaves the proxy alone when the new container never gets healthy', async () => {
    await lay('nginx', { oneNetwork: true });
    const { step, load } = await deployUnderLoad('v3');
    expect(step.outputs['outcome'], step.log).toBe('rolled_back');
    expect(step.log).not.toContain('was reloaded');
    expect(load.failures).toEqual([]);
  });

  it('shows the old container a drain file and waits until its health check says no', async () => {
    await lay('haproxy', { labels: 'deploy-actions.drain-file: /tmp/drain' });
    const { step, load } = await deployUnderLoad('v2');
    // It joined late, and HAProxy finds it by DNS: without this wait nobody would be up when the old one says no. On a
    // busy machine the wait may end by its time limit: connections that are closed at once are seldom caught in the act.
    expect(step.log).toMatch(/proxy has met the new container|not seen to connect to the new container within 10 s/);
    expect(step.log).toContain('drain file /tmp/drain: its health check says no');
    expect(load.failures).toEqual([]);
  });

  it('goes on, and says so, where nginx asks a resolver at run time', async () => {
    await lay('nginx');
    await project.write(
      'proxy/app.conf',
      await readFile(new URL('../../bench/rollout/proxies/nginx-by-dns.conf', import.meta.url), 'utf8'),
    );
    const { step } = await deployUnderLoad('v2');
    expect(step.outputs['outcome'], step.log).toBe('deployed');
    expect(step.log).toContain('asks a resolver for this service at run time');
  });

  it('keeps the old container when nginx does not load its configuration any more', async () => {
    await lay('nginx', { oneNetwork: true });
    await project.deploy({ images: appImage(project.lab, 'v1') });
    await project.write(
      'proxy/broken.conf',
      'server { listen 81; location / { proxy_pass http://no-such-service:1; } }\n',
    );
    const step = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(step.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'ROUTE_FAILED' });
    expect(step.log).toContain('no-such-service');
    expect(await project.runningDigests()).toContain(project.lab.images.app.v1.digest);
    expect(await project.running()).toHaveLength(2);
  });
});
