import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImages } from '../../lab/src/index.ts';
import { itInMatrix } from '../../scripts/whole-matrix.ts';
import { startLoad, type LoadReport } from '../../lab/src/load/index.ts';
import { pauseDeploy } from '../../lab/src/pause.ts';
import { waitUntil } from '../../lab/src/poll.ts';
import type { StepResult } from '../../lab/src/runner/index.ts';
import { appImage, makeProject, type Listed, type Project } from './project.ts';

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

afterAll(async () => {
  await project.remove();
});

/** A configuration of docs/proxies.md with patience: a machine that stands still for seconds is not what is tested. */
async function readConfig(source: string): Promise<string> {
  const text = await readFile(new URL(`../../bench/rollout/proxies/${source}`, import.meta.url), 'utf8');
  return text
    .replace('timeout connect 500ms', 'timeout connect 10s')
    .replace('timeout check 3s', 'timeout check 30s')
    .replace('proxy_connect_timeout 500ms', 'proxy_connect_timeout 10s')
    .replace('lb_try_duration 2s', 'lb_try_duration 30s');
}

interface More {
  readonly bootMs?: number;
  readonly labels?: string;
  readonly oneNetwork?: boolean;
  /** Another file of bench/rollout/proxies. */
  readonly config?: string;
}

/** The proxy of docs/proxies.md before an app that listens at once and answers only after `bootMs`. */
async function lay(proxy: Proxy, more: More): Promise<void> {
  const { port: inside, folder, file, source, more: service } = recipes[proxy];
  const image = project.lab.images[proxy];
  if (image === undefined) throw new RangeError(`the lab has no ${proxy}`);
  const networks =
    more.oneNetwork === true
      ? ['', '', '']
      : ['networks: [default, edge]', 'networks: [edge]', 'networks: { edge: {} }'];
  await project.write(`proxy/${file}`, await readConfig(more.config ?? source));
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

/** The release that serves, and before which proxy; a test goes on from there where it is the same one. */
let serving: { readonly proxy: Proxy; readonly release: 'v1' | 'v2' } | undefined;

/**
 * Files for the next deploy, and a release that serves before them.
 * @returns the other release
 */
async function serve(proxy: Proxy, more: More = {}): Promise<'v1' | 'v2'> {
  const before = serving;
  // Whatever goes wrong, the next test starts from nothing.
  serving = undefined;
  if (before?.proxy === proxy) {
    await lay(proxy, more);
    return before.release === 'v1' ? 'v2' : 'v1';
  }
  await project.empty();
  await lay(proxy, more);
  const first = await project.deploy({ images: appImage(project.lab, 'v1') });
  expect(first.outputs['outcome'], first.log).toBe('deployed');
  return 'v2';
}

/** The only container of the app. */
async function readApp(): Promise<Listed> {
  const [app] = (await project.running()).filter(({ service }) => service === 'app');
  return app ?? expect.unreachable('no app runs');
}

/** From what runs to the given release, under load. */
async function deployUnderLoad(
  release: 'v1' | 'v2' | 'v3',
  post = 0.2,
): Promise<{ step: StepResult; load: LoadReport }> {
  const url = `http://${project.lab.server.address}:${port}/`;
  await expect.poll(() => fetch(url).then((answer) => answer.status), { timeout: 120_000 }).toBe(200);
  const load = await startLoad({ url, rate: 50, post, limitMs: 60_000, seconds: 600 });
  const step = await project.deploy({ images: appImage(project.lab, release) });
  return { step, load: await load.stop() };
}

/** A request on a new connection is answered sooner, unless the machine stands still. */
const standstillMs = 100;

/**
 * A proxy that reloads closes client connections that carry no request: reused ones (ADR 0006), and, where the machine
 * stood still between the two, new ones whose first request it had not read yet. The client sees a reset before any answer.
 */
const isReloadReset = ({ kind, isKeepAlive, sentMs, endedMs }: LoadReport['failures'][number]): boolean =>
  kind === 'reset' && (isKeepAlive || endedMs - sentMs > standstillMs);

/**
 * How many milliseconds after its creation the container joined the proxy's network, by Docker's clock. Not by the order of
 * Docker's events: it tells of a health status a while after it shows it.
 */
async function recordJoin(): Promise<(of: Listed) => Promise<number>> {
  const { server } = project.lab;
  const file = `/tmp/join-${project.name}`;
  const script = `timeout 1200 docker events --since "$(date +%s.%N)" --filter event=connect \\
  --format '{{.TimeNano}} {{.Actor.Attributes.name}} {{.Actor.Attributes.container}}' > "$1" 2>/dev/null < /dev/null &
echo "$!"`;
  const { stdout: pid } = await server.exec(['sh', '-c', script, 'sh', file]);
  return async ({ id }) => {
    const read = async (): Promise<string | undefined> =>
      (await server.exec(['cat', file])).stdout
        .split('\n')
        .find((line) => line.endsWith(` ${project.name}_edge ${id}`))
        ?.split(' ')[0];
    // Docker tells of an event a moment after it.
    await waitUntil('the event', async () => (await read()) !== undefined, 120_000);
    const joined = Number(BigInt((await read()) ?? '') / 1_000_000n);
    await server.exec(['sh', '-c', 'kill "$1"; rm -f "$2"', 'sh', pid.trim(), file]);
    const { stdout: created } = await server.docker(['inspect', '--format', '{{.Created}}', id]);
    return joined - Date.parse(created.trim());
  };
}

/** A command in the proxy's container. */
async function inProxy(script: string): Promise<string> {
  return (await project.lab.server.docker(['exec', 'routing-itg-proxy-1', 'sh', '-c', script])).stdout;
}

/** How many of HAProxy's servers are drained by hand. */
async function countDrained(): Promise<number> {
  const state = await inProxy('echo show servers state | /bin/busybox nc 127.0.0.1 9999');
  const servers = state.split('\n').map((line) => line.split(' '));
  return servers.filter((line) => line[1] === 'app' && (Number(line[6]) & 8) !== 0).length;
}

describe('routes', () => {
  it('drains the old container through HAProxy’s runtime API, and loses no request', async () => {
    const release = await serve('haproxy');
    const old = await readApp();
    const { step, load } = await deployUnderLoad(release);
    expect(step.outputs['outcome'], step.log).toBe('deployed');
    expect(step.log).toContain(`proxy has drained ${old.name}: it takes no new request`);
    expect(load.failures).toEqual([]);
    expect(await countDrained()).toBe(0);
    serving = { proxy: 'haproxy', release };
  });

  it('leaves no shell in HAProxy when its runner dies behind the drain, and the next run no drained server', async () => {
    const release = await serve('haproxy');
    const shells = 'grep -l "[f]ind_sockets" /proc/[0-9]*/cmdline 2>/dev/null | wc -l';
    const pause = await pauseDeploy(project.lab.server, { path: project.path, step: 'stopping' });
    const wish = { images: appImage(project.lab, release), 'ssh-private-key': project.lab.server.privateKey };
    const job = await project.newJob('4711');
    try {
      const deploying = job.step({ uses: 'action-rolling-deploy', with: wish });
      await pause.reached;
      expect([await countDrained(), Number(await inProxy(shells))]).toEqual([1, 1]);
      await job.kill();
      await deploying;
    } finally {
      await pause.remove();
      await job.dispose();
    }
    await expect.poll(() => inProxy(shells), { timeout: 120_000 }).toBe('0\n');
    // The same run's next attempt: it waits for no lease.
    const again = await project.newJob('4711', '2');
    const step = await again.step({ uses: 'action-rolling-deploy', with: wish });
    await again.finish();
    await again.dispose();
    expect(step.outputs['outcome'], step.log).toBe('deployed');
    expect(await countDrained()).toBe(0);
    serving = { proxy: 'haproxy', release };
  });

  it('shows the old container a drain file and waits until its health check says no', async () => {
    const release = await serve('haproxy', { labels: 'deploy-actions.drain-file: /tmp/drain' });
    const { step, load } = await deployUnderLoad(release);
    // It joined late, and HAProxy finds it by DNS: without this wait nobody would be up when the old one says no. On a
    // busy machine the wait may end by its time limit: connections that are closed at once are seldom caught in the act.
    expect(step.log).toMatch(/proxy has met the new container|not seen to connect to the new container within 10 s/);
    expect(step.log).toContain('drain file /tmp/drain: its health check says no');
    expect(load.failures).toEqual([]);
  });

  it('reloads nginx onto the new container; only reused connections of clients see it', async () => {
    const release = await serve('nginx', { oneNetwork: true });
    const { step, load } = await deployUnderLoad(release);
    expect(step.outputs['outcome'], step.log).toBe('deployed');
    expect(step.log).toContain(`proxy was reloaded onto ${(await readApp()).name}`);
    expect(load.failures.filter((failure) => !isReloadReset(failure))).toEqual([]);
    const { stdout } = await project.lab.server.docker(['exec', 'routing-itg-proxy-1', 'cat', '/etc/hosts']);
    expect(stdout).not.toContain('deploy-actions');
    expect(stdout).toContain('localhost');
    serving = { proxy: 'nginx', release };
  });

  it('keeps the old container when nginx does not load its configuration any more', async () => {
    const release = await serve('nginx', { oneNetwork: true });
    const old = await readApp();
    await project.write(
      'proxy/broken.conf',
      'server { listen 81; location / { proxy_pass http://no-such-service:1; } }\n',
    );
    const step = await project.deploy({ images: appImage(project.lab, release) });
    expect(step.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'ROUTE_FAILED' });
    expect(step.log).toContain('no-such-service');
    expect((await readApp()).id).toBe(old.id);
    expect(await project.running()).toHaveLength(2);
  });

  it('shows a booting container to nobody: a person who comes meanwhile waits for nothing', async () => {
    const bootMs = 3000;
    const release = await serve('caddy', { bootMs });
    const endRecording = await recordJoin();
    // No POST: one that meets a kept connection which the old app closes as it ends cannot be repeated by Caddy. Only a
    // proxy that is told sends none there any more (the next test).
    const { step, load } = await deployUnderLoad(release, 0);
    const app = await readApp();
    const joinedAfterMs = await endRecording(app);
    expect(step.outputs['outcome'], step.log).toBe('deployed');
    expect(step.log).toContain('joins edge once healthy');
    expect(step.log).toContain(`${app.name} joined edge`);
    expect(load.failures).toEqual([]);
    expect(joinedAfterMs).toBeGreaterThanOrEqual(bootMs);
    const before = await project.containers();
    const networks = ['inspect', '--format', '{{json .NetworkSettings.Networks}}', app.id];
    expect(JSON.parse((await project.lab.server.docker(networks)).stdout)).toMatchObject({
      'routing-itg_edge': { Aliases: expect.arrayContaining([app.name, 'app']) as unknown },
    });
    await project.upByHand();
    expect(await project.containers()).toEqual(before);
    serving = { proxy: 'caddy', release };
  });

  it('tells Caddy where a label says so', async () => {
    const release = await serve('caddy', { labels: 'deploy-actions.route: caddy' });
    const told = await deployUnderLoad(release);
    expect(told.step.log).toContain(`proxy sends to ${(await readApp()).name} only`);
    expect(told.load.failures.filter((failure) => !isReloadReset(failure))).toEqual([]);
    const ask = ['/bin/busybox', 'wget', '-q', '-O', '-', 'http://127.0.0.1:2019/config/'];
    const config = await project.lab.server.docker(['exec', 'routing-itg-proxy-1', ...ask]);
    expect(config.stdout).toContain('"dial":"app:8000"');
  });

  itInMatrix('leaves the proxy alone when the new container never gets healthy', async () => {
    await serve('nginx', { oneNetwork: true });
    const { step, load } = await deployUnderLoad('v3');
    expect(step.outputs['outcome'], step.log).toBe('rolled_back');
    expect(step.log).not.toContain('was reloaded');
    expect(load.failures).toEqual([]);
  });

  itInMatrix('goes on, and says so, where nginx asks a resolver at run time', async () => {
    const release = await serve('nginx', { config: 'nginx-by-dns.conf' });
    const step = await project.deploy({ images: appImage(project.lab, release) });
    expect(step.outputs['outcome'], step.log).toBe('deployed');
    expect(step.log).toContain('asks a resolver for this service at run time');
  });
});
