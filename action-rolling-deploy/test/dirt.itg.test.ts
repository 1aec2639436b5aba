import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deriveImage } from './derived-image.ts';
import { appImage, makeProject, type Listed, type Project } from './project.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject('dirt');
});

afterEach(async () => {
  await project.empty();
});

afterAll(async () => {
  await project.remove();
});

const digest = (release: 'v1' | 'v2' | 'v3'): string => project.lab.images.app[release].digest;
const refOf = (release: 'v1' | 'v2' | 'v3'): string => appImage(project.lab, release).slice('app='.length);
const docker = async (...argv: readonly string[]): Promise<string> =>
  (await project.lab.server.docker(argv)).stdout.trim();

/** What a person runs who has never heard of us: v1 by `docker compose up -d`. */
async function runByHand(services: Readonly<Record<string, string>>, ...more: readonly string[]): Promise<void> {
  await project.lay(compose(services));
  const command = 'cd "$1" && shift && docker compose up -d --wait "$@"';
  await project.lab.server.exec(['sh', '-c', command, 'sh', project.path, ...more], { timeoutMs: 300_000 });
}

/** Services of app v1; the text is what else stands below each. */
function compose(services: Readonly<Record<string, string>>): string {
  const entries = Object.entries(services).map(([name, more]) => `  ${name}:\n    image: ${refOf('v1')}\n${more}`);
  return `services:\n${entries.join('')}`;
}

interface PlannedService {
  readonly service: string;
  readonly action: string;
  readonly reason: string;
  readonly leftovers: readonly string[];
}

/** The plan for v2 of `app`, by service. */
async function planV2(): Promise<Readonly<Record<string, PlannedService>>> {
  const { outputs } = await project.deploy({ mode: 'plan', images: appImage(project.lab, 'v2') });
  expect(outputs['outcome']).toBe('planned');
  const plan = JSON.parse(outputs['plan'] ?? '') as { readonly services: readonly PlannedService[] };
  return Object.fromEntries(plan.services.map((service) => [service.service, service]));
}

const ofService = (containers: readonly Listed[], service: string): readonly Listed[] =>
  containers.filter((container) => container.service === service);

/** A container as Compose would have made it for `app`, from v1, not started. Returns its id. */
async function leaveContainer(name: string, like: string): Promise<string> {
  const labels = await docker(
    'inspect',
    '--format',
    '{{range $k, $v := .Config.Labels}}{{println $k "=" $v}}{{end}}',
    like,
  );
  const pairs = labels.split('\n').flatMap((line) => {
    const [key, value] = line.split(' = ');
    return key === undefined || value === undefined || key.endsWith('config-hash')
      ? []
      : ['--label', `${key}=${value}`];
  });
  return docker('create', '--name', name, '--label', 'com.docker.compose.config-hash=0', ...pairs, refOf('v1'));
}

describe('a server that is not as a tidy one', () => {
  it('takes away what an interrupted recreate of Compose left, and rolls what it left running', async () => {
    await runByHand({ app: '' });
    const [old] = await project.containers();
    // Compose would count the ended one, and start it in place of a new one.
    const ended = await leaveContainer('dirt-app-7', old?.id ?? '');
    const half = await leaveContainer('0123456789ab_dirt-app-1', old?.id ?? '');
    await docker('rename', old?.name ?? '', `${old?.id.slice(0, 12) ?? ''}_dirt-app-1`);
    const planned = (await planV2())['app'];
    expect(planned).toMatchObject({ action: 'start-first' });
    expect([...(planned?.leftovers ?? [])].sort()).toEqual([ended, half].sort());
    const result = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(result.outputs['outcome']).toBe('deployed');
    const after = await project.containers();
    expect(after.map(({ name }) => name)).toEqual([expect.stringMatching(/^dirt-app-\d+$/)]);
    expect(await project.runningDigests()).toEqual([digest('v2')]);
    await project.upByHand();
    expect(await project.containers()).toEqual(after);
  });

  it('does not let Compose touch a dependency that was scaled by hand while its dependent rolls', async () => {
    await runByHand({ app: '    depends_on: [cache]\n', cache: '    scale: 2\n' });
    const before = ofService(await project.containers(), 'cache');
    await project.write('compose.yaml', compose({ app: '    depends_on: [cache]\n', cache: '' }));
    expect((await planV2())['cache']).toMatchObject({ action: 'scale', reason: '2 of 1 replicas run' });
    const result = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(result.outputs['outcome']).toBe('deployed');
    // The file's number is what is wanted; the one that stays is one of the two, and was not made anew.
    const after = ofService(await project.containers(), 'cache');
    expect(after).toHaveLength(1);
    expect(before.map(({ id }) => id)).toContain(after[0]?.id);
  });

  it('rolls a service whose env file somebody edited, though its image is the same', async () => {
    await runByHand({ app: '    env_file: app.env\n' });
    const [before] = await project.containers();
    await project.write('app.env', 'GREETING=edited\n');
    const result = await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(result.outputs).toMatchObject({ outcome: 'deployed', 'changed-services': 'app' });
    const [after] = await project.containers();
    expect(after?.id).not.toBe(before?.id);
    expect(await docker('inspect', '--format', '{{.Config.Env}}', after?.id ?? '')).toContain('GREETING=edited');
  });

  it('leaves a service alone whose tag was moved under it, and says that docker compose up -d would not', async () => {
    const { repository, v1, v2 } = project.lab.images.app;
    const of = (digest: string): string => project.lab.reference('anonymous', repository, digest);
    const tag = `${project.lab.registry.anonymous.address}/derived/moved:1.0.0`;
    await docker('pull', '-q', of(v1.digest));
    await docker('pull', '-q', of(v2.digest));
    await docker('tag', of(v1.digest), tag);
    await project.lay(`${compose({ app: '' })}  side:\n    image: ${tag}\n    pull_policy: never\n`);
    await project.upByHand();
    const [before] = ofService(await project.containers(), 'side');
    await docker('tag', of(v2.digest), tag);
    expect((await planV2())['side']).toMatchObject({ action: 'unchanged' });
    const result = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(result.outputs['outcome']).toBe('deployed');
    expect(ofService(await project.containers(), 'side').map(({ id }) => id)).toEqual([before?.id]);
    expect(result.log).toMatch(/side is left alone, but .* names another image/);
  });

  it('rolls an image back that crashes again and again, and says how it ended', async () => {
    await runByHand({ app: '    restart: always\n' });
    const before = await project.containers();
    const crashing = await deriveImage(project.lab, 'crashing', ['ENV CRASH_LOOP=1']);
    const result = await project.deploy({ images: `app=${crashing}` });
    expect(result.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONTAINER_EXITED' });
    expect(result.log).toContain('CRASH_LOOP: ending with exit code 1');
    expect(await project.containers()).toEqual(before);
  });

  it('waits for an app that starts slowly as long as its own health check allows', async () => {
    const slow = await deriveImage(project.lab, 'slow', ['ENV BOOT_MS=6000']);
    await runByHand({ app: '    healthcheck: { start_period: 10m }\n' });
    const result = await project.deploy({ images: `app=${slow}` });
    expect(result.outputs['outcome']).toBe('deployed');
    expect(await project.runningDigests()).toEqual([slow.slice(slow.indexOf('@') + 1)]);
  });

  it('deploys an app without a health check on its running alone, and says that this is little', async () => {
    const blind = await deriveImage(project.lab, 'blind', ['HEALTHCHECK NONE']);
    await runByHand({ app: '' });
    const result = await project.deploy({ images: `app=${blind}`, 'min-healthy': '6s' });
    expect(result.outputs['outcome']).toBe('deployed');
    expect(result.log).toContain('no health check');
    // The wait is held on the server, two seconds at a time, and is no loop of looks.
    expect(Number(/(\d+) remote commands/.exec(result.log)?.[1])).toBeLessThan(30);
    expect(await project.runningDigests()).toEqual([blind.slice(blind.indexOf('@') + 1)]);
  });

  it('does not take an app without a health check for started when it ends within min-healthy', async () => {
    const dying = await deriveImage(project.lab, 'dying', ['HEALTHCHECK NONE', 'ENV CRASH_LOOP=1 CRASH_AFTER_MS=1500']);
    await runByHand({ app: '' });
    const before = await project.containers();
    const result = await project.deploy({ images: `app=${dying}`, 'min-healthy': '5m' });
    expect(result.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONTAINER_EXITED' });
    expect(await project.containers()).toEqual(before);
  });

  it('rolls back an app that is healthy at first and ends while it is watched', async () => {
    await runByHand({ app: '    restart: unless-stopped\n' });
    let ending: Promise<unknown> | undefined;
    const end = async (): Promise<void> => {
      const [fresh] = (await project.running()).filter(({ image }) => image.includes(digest('v2')));
      const pid = await docker('inspect', '--format', '{{.State.Pid}}', fresh?.id ?? '');
      await project.lab.server.exec(['kill', '-KILL', pid]);
    };
    const inputs = { images: appImage(project.lab, 'v2'), bake: '10m' };
    const result = await project.deploy(inputs, {}, ({ text }) => {
      if (text.includes('before the release counts')) ending ??= end();
    });
    await ending;
    expect(result.outputs).toMatchObject({ outcome: 'rolled_back', 'error-code': 'CONTAINER_EXITED' });
    expect(result.log).toContain('before the release counts');
    expect(await project.runningDigests()).toEqual([digest('v1')]);
  });

  it('says 137 of an old container that ignores SIGTERM, after the grace period of its own', async () => {
    const stubborn = await deriveImage(project.lab, 'stubborn', ['ENV IGNORE_SIGTERM=1']);
    await project.lay(compose({ app: '    stop_grace_period: 2s\n' }).replace(refOf('v1'), stubborn));
    await project.upByHand();
    const result = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(result.outputs['outcome']).toBe('deployed');
    expect(result.log).toContain('grace period of 2s');
    expect(result.log).toContain('137');
    expect(await project.runningDigests()).toEqual([digest('v2')]);
  });

  it('makes a renamed service beside the one of the old name, which it names and leaves running', async () => {
    await runByHand({ app: '', web: '' });
    const before = ofService(await project.containers(), 'web');
    await project.write('compose.yaml', compose({ app: '', front: '' }));
    expect(await planV2()).toMatchObject({ app: { action: 'start-first' }, front: { action: 'create' } });
    const result = await project.deploy({ images: appImage(project.lab, 'v2') });
    expect(result.outputs).toMatchObject({ outcome: 'deployed', 'changed-services': 'app\nfront' });
    expect(result.log).toMatch(/\bweb\b.*compose files/);
    expect((await project.running()).map(({ service }) => service).sort()).toEqual(['app', 'front', 'web']);
    expect(ofService(await project.containers(), 'web')).toEqual(before);
  });
});
