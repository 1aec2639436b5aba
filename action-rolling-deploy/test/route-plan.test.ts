import { parseComposeModel, type ComposeModel } from '@deploy-actions/kit/compose/model';
import { describe, expect, it } from 'vitest';
import { hookCommand, hookParts } from '../src/route/hooks.ts';
import { aliasesOf } from '../src/route/late-join.ts';
import { proxyKindOf } from '../src/route/proxies.ts';
import { noteRoutes } from '../src/route/route-notes.ts';
import { planRoutes, type RouteSettings, type ServiceRoute } from '../src/route/route-plan.ts';
import { container } from './builders.ts';

type Service = Readonly<Record<string, unknown>>;

const auto: RouteSettings = { route: 'auto', drainWaitMs: undefined, preStop: new Map() };
const ports = [{ target: 80, published: '8080', protocol: 'tcp' }];
const nginx: Service = { image: 'nginx:1.27', ports, networks: { edge: null } };
const two = { default: null, edge: { aliases: ['shop-api'] } };

/** A model as Compose prints it. */
function modelOf(services: Readonly<Record<string, Service>>, networks: Service = {}): ComposeModel {
  const used = { default: { name: 'shop_default' }, edge: { name: 'shop_edge' }, ...networks };
  return parseComposeModel(JSON.stringify({ name: 'shop', services, networks: used }));
}

function routeOf(
  services: Readonly<Record<string, Service>>,
  settings: Partial<RouteSettings> = {},
  networks: Service = {},
): ServiceRoute {
  const route = planRoutes(modelOf(services, networks), { ...auto, ...settings }).get('app');
  if (route === undefined) throw new RangeError('no service app');
  return route;
}

const lateOf = (route: ServiceRoute): readonly string[] => route.lateNetworks.map(({ dockerName }) => dockerName);

describe('which images are proxies', () => {
  it.each([
    ['nginx:1.27-alpine', 'nginx'],
    ['registry.example:5000/acme/edge-nginx@sha256:aa', 'nginx'],
    ['nginxinc/nginx-unprivileged', 'nginx'],
    ['openresty/openresty', 'nginx'],
    ['docker.io/library/haproxy:3.2', 'haproxy'],
    ['caddy:2', 'caddy'],
    ['traefik:v3', 'labels'],
    ['nginxproxy/nginx-proxy', 'labels'],
    ['lucaslorentz/caddy-docker-proxy:2', 'labels'],
    ['postgres:17', undefined],
    ['acme/notnginxatall', undefined],
  ])('%s is %s', (image, kind) => {
    expect(proxyKindOf(image)).toBe(kind);
  });
});

describe('how a service leaves its proxy', () => {
  it('needs nothing without a proxy', () => {
    const route = routeOf({
      app: { networks: { default: null } },
      db: { image: 'postgres', networks: { default: null } },
    });
    expect(route).toMatchObject({
      withdrawal: 'none',
      proxies: [],
      drainWaitMs: 0,
      note: undefined,
      warning: undefined,
    });
  });

  it('reloads nginx that publishes ports on a network of the service, and waits 2 s at most', () => {
    const route = routeOf({ app: { networks: { edge: null } }, web: nginx });
    expect(route).toMatchObject({
      withdrawal: 'nginx',
      drainWaitMs: 2000,
      proxies: [{ service: 'web', kind: 'nginx' }],
    });
  });

  it('takes an nginx that publishes nothing for an app', () => {
    const route = routeOf({ app: { networks: { edge: null } }, web: { image: 'nginx', networks: { edge: null } } });
    expect(route.withdrawal).toBe('none');
  });

  it('takes nothing for a proxy that the service depends on', () => {
    const cache = { image: 'nginx', ports, networks: { default: null } };
    const app = { networks: { default: null }, depends_on: { cache: { condition: 'service_started' } } };
    expect(routeOf({ app, cache }).withdrawal).toBe('none');
  });

  it('tells HAProxy, unless a pre-stop command makes its check fail', () => {
    const proxy = { ...nginx, image: 'haproxy:3.2' };
    const networks = { edge: null };
    expect(routeOf({ app: { networks }, proxy }).withdrawal).toBe('haproxy');
    const labels = { 'deploy-actions.pre-stop': 'touch /tmp/drain' };
    const route = routeOf({ app: { networks, labels }, proxy });
    expect(route).toMatchObject({ withdrawal: 'none', drainWaitMs: 0, warning: undefined });
    expect(route.hooks).toHaveLength(1);
  });

  it('leaves Caddy alone, which tries the next address by itself, unless a label asks', () => {
    const proxy = { ...nginx, image: 'caddy:2' };
    expect(routeOf({ app: { networks: { edge: null } }, proxy })).toMatchObject({
      withdrawal: 'none',
      warning: undefined,
    });
    const app = { networks: { edge: null }, labels: { 'deploy-actions.route': 'caddy' } };
    expect(routeOf({ app, proxy }).withdrawal).toBe('caddy');
  });

  it('warns before a proxy that cannot be told, and not where hooks tell it', () => {
    const proxy = { ...nginx, image: 'traefik:v3' };
    expect(routeOf({ app: { networks: { edge: null } }, proxy }).warning).toMatch(
      /proxy proxy follows Docker’s events/,
    );
    const app = { networks: { edge: null }, pre_stop: [{ command: ['/drain'] }] };
    expect(routeOf({ app, proxy }).warning).toBeUndefined();
  });

  it('finds a proxy of an own name by port 80 or by its dependency, and asks the label what it is', () => {
    const edge = { image: 'acme/edge', ports, networks: { edge: null } };
    expect(routeOf({ app: { networks: { edge: null } }, edge }).warning).toMatch(
      /of no kind that this action can tell/,
    );
    const labels = { 'deploy-actions.route': 'nginx', 'deploy-actions.proxy': 'edge' };
    expect(routeOf({ app: { networks: { edge: null }, labels }, edge }).withdrawal).toBe('nginx');
  });

  it('prefers a drain file where there is one', () => {
    const labels = { 'deploy-actions.drain-file': '/tmp/drain', 'deploy-actions.drain-wait': '3s' };
    const route = routeOf({ app: { networks: { edge: null }, labels }, web: nginx });
    expect(route).toMatchObject({ withdrawal: 'drain-file', drainFile: '/tmp/drain', drainWaitMs: 3000 });
  });

  it('lets the label win over the input, and the input over what it finds', () => {
    const app = { networks: { edge: null } };
    expect(routeOf({ app, web: nginx }, { route: 'none' })).toMatchObject({ withdrawal: 'none', warning: undefined });
    const labels = { 'deploy-actions.route': 'nginx' };
    expect(routeOf({ app: { ...app, labels }, web: nginx }, { route: 'none', drainWaitMs: 500 })).toMatchObject({
      withdrawal: 'nginx',
      drainWaitMs: 500,
    });
  });

  it.each([
    [{ 'deploy-actions.route': 'traefik' }, /label deploy-actions.route of service app: "traefik" is not one of/],
    [{ 'deploy-actions.proxy': 'gone' }, /label deploy-actions.proxy of service app: "gone" is no service/],
    [{ 'deploy-actions.drain-file': 'tmp/drain' }, /"tmp\/drain" is not an absolute path/],
    [{ 'deploy-actions.route': 'drain-file' }, /service app has no label deploy-actions.drain-file/],
    [{ 'deploy-actions.drain-wait': '3' }, /label deploy-actions.drain-wait of service app: "3" is not a duration/],
    [{ 'deploy-actions.routed-network': 'egde' }, /it is not on a network "egde"/],
    [{ 'deploy-actions.routed-network': 'edge,default' }, /no network left to boot on/],
  ])('refuses %o', (labels, message) => {
    expect(() => routeOf({ app: { networks: two, labels }, web: nginx })).toThrow(message);
  });
});

describe('which networks are joined late', () => {
  it('joins the proxy’s network late where another one is left, under all its names', () => {
    const route = routeOf({
      app: { networks: two },
      web: nginx,
      db: { image: 'postgres', networks: { default: null } },
    });
    expect(lateOf(route)).toEqual(['shop_edge']);
    expect(route.note).toBe('joins edge once healthy; web is reloaded onto the new one before the old one stops');
    expect(route.names).toEqual(['app', 'shop-api']);
    const [network] = route.lateNetworks;
    expect(network && aliasesOf('app', container('7', 'app'), network)).toEqual(['shop-app-7', 'app', 'shop-api']);
  });

  it.each<[string, Readonly<Record<string, Service>>, RegExp]>([
    ['only network', { app: { networks: { edge: null } }, web: nginx }, /its only network is the proxy’s \(edge\)/],
    [
      'an address of its own',
      { app: { networks: { default: null, edge: { ipv4_address: '10.0.0.9' } } }, web: nginx },
      /network edge has settings of its own/,
    ],
    [
      'somebody whom it reaches there only',
      { app: { networks: two }, web: nginx, queue: { networks: { edge: null } } },
      /it may need queue, which it reaches through edge only/,
    ],
    [
      'ports of its own',
      { app: { networks: two, ports: [{ target: 9000, published: '0' }] }, web: nginx },
      /publishes ports itself/,
    ],
  ])('does not with %s, and says so', (_what, services, note) => {
    const route = routeOf(services);
    expect(route.lateNetworks).toEqual([]);
    expect(route.note).toMatch(note);
  });

  it('knows not who is on an external network, and believes the label', () => {
    const external = { edge: { name: 'web', external: true } };
    const services = { app: { networks: two }, web: nginx };
    expect(routeOf(services, {}, external).note).toMatch(/network edge is external/);
    const labels = { 'deploy-actions.routed-network': 'edge' };
    expect(lateOf(routeOf({ app: { networks: two, labels } }, {}, external))).toEqual(['web']);
  });

  it('hides nothing when told none', () => {
    const labels = { 'deploy-actions.routed-network': 'none' };
    expect(lateOf(routeOf({ app: { networks: two, labels }, web: nginx }))).toEqual([]);
  });
});

describe('hooks', () => {
  const hook = { command: ['/bin/drain', 'all of it'], user: 'root', working_dir: '/app', privileged: true };

  it('runs the label’s command first, then Compose’s, as Compose would', () => {
    const labels = { 'deploy-actions.pre-stop': 'touch /tmp/drain' };
    const app = { networks: {}, labels, pre_stop: [{ ...hook, environment: { MODE: 'slow', EMPTY: null, N: 3 } }] };
    const { hooks } = routeOf({ app });
    const [first, second] = hookParts({ id: 'c1', name: 'shop-app-1' }, hooks, () => undefined);
    expect(first?.args?.slice(2)).toEqual(['docker', 'exec', 'c1', 'sh', '-c', 'touch /tmp/drain']);
    expect(second?.args?.slice(2)).toEqual([
      'docker',
      'exec',
      '--user',
      'root',
      '--workdir',
      '/app',
      '--privileged',
      '--env-file',
      '/dev/stdin',
      'c1',
      '/bin/drain',
      'all of it',
    ]);
    expect(second?.stdin).toBe('MODE=slow\nN=3');
    expect([first?.mayFail, second?.mayFail]).toEqual([true, true]);
  });

  it('runs the command of the input as it is, where no label of the service says another', () => {
    const preStop = new Map([['app', 'echo "$HOME"; touch /tmp/drain']]);
    const pre_stop = [{ command: ['/bin/late'] }];
    const commandsOf = (labels: Readonly<Record<string, string>>): readonly (readonly string[])[] =>
      routeOf({ app: { networks: {}, labels, pre_stop } }, { preStop }).hooks.map(({ command }) => command);
    expect(commandsOf({})).toEqual([['sh', '-c', 'echo "$HOME"; touch /tmp/drain'], ['/bin/late']]);
    expect(commandsOf({ 'deploy-actions.pre-stop': 'true' })).toEqual([['sh', '-c', 'true'], ['/bin/late']]);
    expect(routeOf({ app: { networks: {} } }, { preStop: new Map([['db', 'true']]) }).hooks).toEqual([]);
  });

  it('runs what stands in the compose file, where a dollar is written twice, in Compose’s output too', () => {
    const labels = { 'deploy-actions.pre-stop': 'echo "$$HOME" > /tmp/drain' };
    const { hooks } = routeOf({ app: { networks: {}, labels, pre_stop: [{ command: ['sh', '-c', 'kill $$PID'] }] } });
    expect(hooks.map(({ command }) => command.at(-1))).toEqual(['echo "$HOME" > /tmp/drain', 'kill $PID']);
  });

  it('keeps variables off the command line, where every user of the server could read them', () => {
    const plain = { command: ['x'], user: undefined, workingDir: undefined, isPrivileged: false };
    expect(hookCommand('c1', { ...plain, environment: ['TOKEN=s3cret'] }).join(' ')).not.toContain('s3cret');
  });

  it('refuses a variable that `docker exec` would cut in two', () => {
    const app = { networks: {}, pre_stop: [{ ...hook, environment: ['KEY=a\nb'] }] };
    expect(() => routeOf({ app })).toThrow(/pre_stop of service app: the environment variable KEY has a line break/);
  });
});

describe('what the plan says', () => {
  it('has a line for each changed service that a proxy stands before, and for no other', () => {
    const model = modelOf({
      app: { networks: { edge: null } },
      web: { ...nginx, image: 'traefik' },
      db: { networks: { default: null } },
    });
    const notes = noteRoutes(model, auto, [{ service: 'app' }, { service: 'db' }]);
    expect(notes.map(({ level, service }) => [level, service])).toEqual([
      ['info', 'app'],
      ['warning', 'app'],
    ]);
  });
});
