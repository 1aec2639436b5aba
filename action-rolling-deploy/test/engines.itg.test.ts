import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab, type LabServer } from '../../lab/src/index.ts';
import { canConnect, waitUntil } from '../../lab/src/poll.ts';
import { isWholeMatrix } from '../../scripts/whole-matrix.ts';
import { appImage, makeProject, type Project } from './project.ts';

/** What a person's plain `docker compose up -d` may not do: change, restart, add or remove a container. */
interface Seen {
  readonly service: string;
  readonly id: string;
  readonly startedAt: string;
}

interface Case {
  readonly name: string;
  /** Left side of the pins of the `images` input. */
  readonly pins: readonly string[];
  readonly inputs: Readonly<Record<string, string>>;
  readonly compose: (lab: Lab) => string;
  /** Services that a deploy of another version of the pinned image replaces. */
  readonly rolled: readonly string[];
  /** How many containers run. */
  readonly size: number;
}

const cases: readonly Case[] = [
  {
    name: 'variables pin, a proxy depends on the app, the app on a store',
    pins: ['APP_IMAGE'],
    inputs: {},
    compose: (lab) => chain(lab, '${APP_IMAGE:-unset.example/app:0}'),
    rolled: ['app'],
    size: 3,
  },
  {
    name: 'services are pinned, the proxy depends on three replicas, an overlay names a profile',
    pins: ['app', 'tool'],
    inputs: { profiles: 'tools' },
    compose: (lab) => `${chain(lab, 'unset.example/app:0', 'deploy: { replicas: 3 }')}${profiledTool}`,
    rolled: ['app', 'app', 'app', 'tool'],
    size: 6,
  },
];

/** Every engine with every case only in `npm run test:matrix`; else each once. */
const casesOn = (engine: 'default' | 'modern'): readonly Case[] =>
  isWholeMatrix ? cases : cases.filter((_, index) => (index === 0) === (engine === 'default'));

/** proxy → app → store, each `depends_on` the next; the app reads an env file. */
function chain(lab: Lab, appImageText: string, more = 'restart: unless-stopped'): string {
  const { worker, haproxy } = lab.images;
  return `volumes:
  store: {}
services:
  proxy:
    image: ${lab.reference('anonymous', haproxy.repository, haproxy.digest)}
    depends_on:
      app: { condition: service_healthy }
    ports: ["8080"]
    volumes: ["./haproxy.cfg:/etc/haproxy/haproxy.cfg:ro"]
    stop_signal: SIGUSR1
  app:
    image: ${appImageText}
    env_file: app.env
    expose: [8000]
    depends_on: [store]
    ${more}
  store:
    image: ${lab.reference('anonymous', worker.repository, worker.v1.digest)}
    volumes: ["store:/var/lib/store"]
    labels: { deploy-actions.role: worker }
`;
}

/** A service that plain `docker compose up -d` does not know of. */
const profiledTool = `  tool:
    image: unset.example/tool:0
    profiles: [tools]
    expose: [8000]
`;

const haproxyConfig = `global
    log stdout format raw local0 notice
defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
resolvers docker
    nameserver dns 127.0.0.11:53
frontend http
    bind :8080
    default_backend app
backend app
    server-template app 4 app:8000 resolvers docker init-addr none check inter 500ms
`;

async function look(project: Project): Promise<readonly Seen[]> {
  const listed = await project.containers();
  const format = '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}';
  const ids = listed.map(({ id }) => id);
  const { stdout } = await project.lab.server.docker(['inspect', '--format', format, ...ids]);
  const startOf = new Map(stdout.split('\n').map((line) => [line.split(' ')[0], line] as const));
  return listed.map(({ service, id }) => ({ service, id, startedAt: startOf.get(id) ?? '' }));
}

/** Inputs of a deploy that looks at Docker by its CLI alone (ADR 0011), and the proof that it had to. */
interface ByCli {
  readonly inputs: Readonly<Record<string, string>>;
  readonly prove: () => Promise<void>;
}

/** The system's ssh opens no stream to the engine's socket. */
const byOpenSsh: ByCli = { inputs: { transport: 'openssh' }, prove: () => Promise.resolve() };

/** A second sshd on the server, which forwards no sockets: $1 port, $2 folder for its log and pid. */
const closedSshd = `
if [ -s "$2/pid" ]; then
  kill "$(cat "$2/pid")" || true
  while kill -0 "$(cat "$2/pid")"; do sleep 0.1; done
fi
rm -rf "$2"; mkdir -p "$2"
/usr/sbin/sshd -p "$1" -o AllowStreamLocalForwarding=no -o PidFile="$2/pid" -E "$2/log"`;

async function byClosedSocket(server: LabServer, port: number): Promise<ByCli> {
  const folder = `/run/closed-sshd-${port}`;
  await server.exec(['sh', '-uc', closedSshd, 'sh', String(port), folder]);
  const isUp = (): Promise<boolean> => canConnect(server.address, port, 'SSH-2.0-');
  await waitUntil('the sshd that forwards no sockets', isUp, 120_000);
  const knownHosts = server.knownHosts.replaceAll(server.address, `[${server.address}]:${port}`);
  return {
    inputs: { port: String(port), 'known-hosts': knownHosts },
    prove: async () => {
      const { stdout } = await server.exec(['cat', `${folder}/log`]);
      expect(stdout).toMatch(/refused streamlocal port forward/i);
      await server.exec(['sh', '-euc', 'kill "$(cat "$1/pid")"', 'sh', folder]);
    },
  };
}

const servicesOf = (seen: readonly Seen[]): readonly string[] => seen.map(({ service }) => service).sort();

describe.each(['default', 'modern'] as const)('on the %s engine, plain docker compose up -d', (engine) => {
  let lab: Lab;
  const projects: Project[] = [];

  beforeAll(async () => {
    lab = await openLab();
  });

  afterAll(async () => {
    for (const project of projects) await project.remove();
  });

  it.concurrent.each(casesOn(engine))(
    'changes nothing after a deploy, an update and a rollback: $name',
    async (one) => {
      const server = engine === 'modern' ? await lab.modernServer() : lab.server;
      const project = await makeProject(`engines-${engine}-${cases.indexOf(one)}`, server);
      projects.push(project);
      await project.lay(one.compose(lab));
      await project.write('haproxy.cfg', haproxyConfig);
      const pins = (release: 'v1' | 'v2'): string => one.pins.map((name) => appImage(lab, release, name)).join('\n');
      const cli = engine === 'modern' ? byOpenSsh : await byClosedSocket(server, 2200 + cases.indexOf(one));
      const steps = [
        { outcome: 'deployed', with: { images: pins('v1') } },
        { outcome: 'deployed', with: { images: pins('v2'), ...cli.inputs } },
        { outcome: 'rolled_back', with: { mode: 'rollback', 'from-release': '2' } },
      ];
      let before: readonly Seen[] = [];
      for (const step of steps) {
        const result = await project.deploy({ ...one.inputs, ...step.with });
        expect(result.outputs, result.log).toMatchObject({ outcome: step.outcome });
        const after = await look(project);
        expect(after).toHaveLength(one.size);
        const replaced = before.filter(({ id }) => !after.some((container) => container.id === id));
        expect(servicesOf(replaced)).toEqual(before.length === 0 ? [] : one.rolled);
        await project.upByHand();
        expect(await look(project)).toEqual(after);
        before = after;
      }
      await cli.prove();
    },
  );
});

describe('a health check with start_interval', () => {
  const compose = `services:
  app:
    image: unset.example/app:0
    expose: [8000]
    healthcheck: { interval: 30m, start_period: 10m, start_interval: 500ms }
`;

  it('is waited for as the engine looks: soon on one that knows it, not after the interval', async () => {
    const lab = await openLab();
    const project = await makeProject('engines-interval', await lab.modernServer());
    try {
      await project.lay(compose);
      // Without start_interval the first look would come after half an hour, long after this test's end.
      const result = await project.deploy({ images: appImage(lab, 'v1') });
      expect(result.outputs, result.log).toMatchObject({ outcome: 'deployed' });
      expect(await project.running()).toHaveLength(1);
    } finally {
      await project.remove();
    }
  });

  it('is refused before anything is touched on an engine that does not know it', async () => {
    const lab = await openLab();
    const version = (await lab.server.docker(['version', '-f', '{{.Server.Version}}'])).stdout;
    const project = await makeProject('engines-interval', lab.server);
    try {
      await project.lay(compose);
      const result = await project.deploy({ images: appImage(lab, 'v1') });
      const isKnown = Number.parseInt(version, 10) >= 25;
      expect(result.outputs, result.log).toMatchObject(
        isKnown ? { outcome: 'deployed' } : { outcome: 'refused', 'error-code': 'UNSUPPORTED' },
      );
      expect(await project.containers()).toHaveLength(isKnown ? 1 : 0);
    } finally {
      await project.remove();
    }
  });
});
