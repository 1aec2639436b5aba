import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type ExtraServer } from '../../lab/src/index.ts';
import type { StepResult } from '../../lab/src/runner/index.ts';
import { itInMatrix } from '../../scripts/whole-matrix.ts';
import { appImage, makeProject, withKey, type Project } from './project.ts';

/** A compose file with one app and what is given besides. */
function composeOf(service: string, rest = ''): string {
  return `services:\n  app:\n    image: unset.example/app:0\n    expose: ["8000"]\n${service.replaceAll(/^/gm, '    ')}\n${rest}`;
}

/** Refused with one error, with the same containers and no lease left. */
async function expectRefusal(project: Project, result: StepResult, code: string, text: string): Promise<void> {
  expect(result.outputs).toMatchObject({ outcome: 'refused', 'error-code': code });
  expect(result.commands.errors).toHaveLength(1);
  expect(result.log).toContain(text);
  expect(await project.runningDigests()).toEqual([project.lab.images.app.v1.digest]);
  expect(await project.read('.deploy/lease.json')).toBe('');
}

describe('what a plan says of the server', () => {
  let project: Project;
  const deaf = `entrypoint: ["sh", "-c", "node /app/server.mjs; true"]\nstop_grace_period: 1s\nvolumes: ["data:/data:ro"]`;
  const volume = 'volumes:\n  data: {}\n';

  beforeAll(async () => {
    project = await makeProject('rolling-assessment');
    await project.write('compose.yaml', composeOf(deaf, volume));
    const first = await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(first.outputs['outcome'], first.log).toBe('deployed');
  });

  afterAll(async () => {
    await project.remove();
  });

  /** What a deploy of v2 with another file says; v1 runs before each, and after each that is refused. */
  async function tryFile(text: string, inputs: Readonly<Record<string, string>> = {}): Promise<StepResult> {
    await project.write('compose.yaml', text);
    return project.deploy({ images: appImage(project.lab, 'v2'), ...inputs });
  }

  it('is the memory for the second copy, and what its first process does not hear', async () => {
    const result = await tryFile(composeOf(`${deaf}\nhostname: new`, volume), { mode: 'plan' });
    expect(result.outputs['outcome']).toBe('planned');
    expect(result.log).toMatch(/needs about \d+ MB for the second copy of app; [\d.]+ [MG]B available/);
    expect(result.log).toContain('warning: the first process of app (sh) does not hear SIGTERM');
    expect(result.summary).toContain('does not hear SIGTERM');
    const plan = JSON.parse(result.outputs['plan'] ?? '') as { readonly notes: readonly unknown[] };
    expect(plan.notes).toContainEqual(expect.objectContaining({ level: 'warning', service: 'app' }));
    expect(await project.runningDigests()).toEqual([project.lab.images.app.v1.digest]);
  });

  it('refuses an external network that does not exist', async () => {
    const networks = `${volume}networks:\n  outside: {external: true, name: nowhere-itg}\n`;
    const result = await tryFile(composeOf(`${deaf}\nnetworks: [outside]`, networks));
    await expectRefusal(project, result, 'DRIFT', 'docker network create nowhere-itg');
  });

  it('refuses to give a volume other options, whatever Compose would do', async () => {
    const options = 'volumes:\n  data: {driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}}\n';
    const result = await tryFile(composeOf(deaf, options), { 'allow-downtime': 'true' });
    await expectRefusal(project, result, 'DRIFT', 'its data would be lost');
  });

  it('refuses a second copy that has no room, until the user says that it may', async () => {
    const greedy = composeOf(`${deaf}\nmem_reservation: 4000g`, volume);
    const result = await tryFile(greedy);
    await expectRefusal(project, result, 'NO_HEADROOM', 'needs about 4295.0 GB for the second copy of app');
    const planned = await tryFile(greedy, { mode: 'plan' });
    expect(planned.outputs['outcome']).toBe('planned');
    expect(planned.log).toContain('would refuse (NO_HEADROOM)');
    const allowed = await tryFile(greedy, { headroom: 'warn' });
    expect(allowed.outputs['outcome'], allowed.log).toBe('deployed');
  });

  it('warns of a changed network that this Compose leaves as it is, and goes on', async () => {
    if (process.env['LAB_ENGINE'] === 'modern') return;
    const network = `${volume}networks:\n  default: {labels: {tier: front}}\n`;
    const result = await tryFile(composeOf(deaf, network));
    expect(result.outputs['outcome']).toBe('deployed');
    expect(result.log).toContain(
      'network rolling-assessment_default is not as the files say (label tier: none → front)',
    );
  });

  itInMatrix('rolls services one after the other that have no room at once', async () => {
    await project.empty();
    // Enough for one: the machine's memory may be used for other things meanwhile, or be given back.
    const source = `echo $(($(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo) * 7 / 10))`;
    const { stdout } = await project.lab.server.exec(['sh', '-c', source]);
    const service = `image: unset.example/app:0\n    expose: ["8000"]\n    mem_reservation: ${stdout.trim()}k\n`;
    await project.write('compose.yaml', `services:\n  api:\n    ${service}  web:\n    ${service}`);
    const images = (version: 'v1' | 'v2'): string =>
      `${appImage(project.lab, version, 'api')}\n${appImage(project.lab, version, 'web')}`;
    await project.deploy({ images: images('v1') });
    const { log, outputs } = await project.deploy({ images: images('v2') });
    expect(outputs['outcome']).toBe('deployed');
    expect(log).toContain('one service after the other: side by side they would need about');
    expect(log.indexOf('web: starting')).toBeGreaterThan(log.indexOf('api: draining and stopping'));
  });

  it('refuses a deploy path without room for a journal', async () => {
    await project.empty();
    await project.lab.server.exec(['mount', '-t', 'tmpfs', '-o', 'size=8m,mode=0777', 'tmpfs', project.path]);
    try {
      await project.write('compose.yaml', composeOf(''));
      const result = await project.deploy({ images: appImage(project.lab, 'v1') });
      expect(result.outputs).toMatchObject({ outcome: 'refused', 'error-code': 'NO_SPACE' });
      expect(result.log).toContain(`free at ${project.path} (deploy-path)`);
      expect(await project.containers()).toEqual([]);
    } finally {
      await project.lab.server.exec(['umount', '-l', project.path]);
    }
  });
});

describe('a network whose settings changed, with a Compose that makes it anew', () => {
  let project: Project;

  beforeAll(async () => {
    const lab = await openLab();
    project = await makeProject('rolling-drift', await lab.modernServer());
    await project.write('compose.yaml', stack('{}'));
    const first = await project.deploy({ images: images('v1') });
    expect(first.outputs['outcome'], first.log).toBe('deployed');
  });

  afterAll(async () => {
    await project.remove();
  });

  const stack = (network: string): string =>
    composeOf('', `  proxy:\n    image: unset.example/app:0\nnetworks:\n  default: ${network}\n`);

  const images = (app: 'v1' | 'v2' | 'v3'): string =>
    `${appImage(project.lab, app)}\n${appImage(project.lab, 'v1', 'proxy')}`;
  const isInternal = async (): Promise<string> => {
    const format = '{{.Internal}}';
    return (await project.lab.server.docker(['network', 'inspect', '--format', format, 'rolling-drift_default']))
      .stdout;
  };

  it('is refused before anybody is stopped', async () => {
    await project.write('compose.yaml', stack('{internal: true}'));
    const before = await project.containers();
    const result = await project.deploy({ images: images('v2') });
    expect(result.outputs).toMatchObject({ outcome: 'refused', 'error-code': 'DRIFT' });
    expect(result.log).toContain(
      'network rolling-drift_default is to be made anew (internal: false → true): app, proxy stop meanwhile',
    );
    expect(await project.containers()).toEqual(before);
  });

  it('is put back as it was, with its services, when the new version fails', async () => {
    await project.write('compose.yaml', stack('{}'));
    const folder = join(project.workspace, 'deploy');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'compose.yaml'), stack('{internal: true}'));
    const job = await project.newJob('drift-back');
    const synced = await job.step({ uses: 'action-sync-remote', with: withKey(project.lab, { source: 'deploy' }) });
    expect(synced.exitCode).toBe(0);
    const inputs = { images: images('v3'), 'allow-downtime': 'true' };
    const result = await job.step({ uses: 'action-rolling-deploy', with: withKey(project.lab, inputs) });
    await job.finish();
    await job.dispose();
    expect(result.outputs['outcome'], result.log).toBe('rolled_back');
    expect((await isInternal()).trim()).toBe('false');
    const { digest } = project.lab.images.app.v1;
    expect(await project.runningDigests()).toEqual([digest, digest]);
    const after = await project.containers();
    await project.upByHand();
    expect(await project.containers()).toEqual(after);
  });

  it('is made anew with all its services where downtime is allowed', async () => {
    await project.write('compose.yaml', stack('{internal: true}'));
    const result = await project.deploy({ images: images('v2'), 'allow-downtime': 'true' });
    expect(result.outputs).toMatchObject({ outcome: 'deployed', 'changed-services': 'app\nproxy' });
    expect((await isInternal()).trim()).toBe('true');
    const after = await project.containers();
    expect(after.map(({ service, state }) => `${service} ${state}`)).toEqual(['app running', 'proxy running']);
    const proxy = after.find(({ service }) => service === 'proxy')?.id ?? '';
    const source = `fetch('http://app:8000/').then(async (r) => console.log(await r.text()))`;
    const answer = await project.lab.server.docker(['exec', proxy, 'node', '-e', source]);
    expect(answer.stdout).toContain(project.lab.images.app.v2.sha);
    await project.upByHand();
    expect(await project.containers()).toEqual(after);
  });
});

describe('a server that is not ready for a rollout', () => {
  let server: ExtraServer;
  let project: Project;

  beforeAll(async () => {
    const lab = await openLab();
    server = await lab.startServer({ name: 'unready', fresh: true });
    project = await makeProject('rolling-unready', server);
    await project.write('compose.yaml', composeOf(''));
    const first = await project.deploy({ images: appImage(project.lab, 'v1') });
    expect(first.outputs['outcome']).toBe('deployed');
  });

  afterAll(async () => {
    await project.remove();
    await server.stop();
  });

  /** Makes the server misbehave, deploys, puts it back. */
  async function deployWhile(breakIt: string, mendIt: string): Promise<StepResult> {
    await server.exec(['sh', '-c', breakIt]);
    try {
      return await project.deploy({ images: appImage(project.lab, 'v2') });
    } finally {
      await server.exec(['sh', '-c', mendIt]);
    }
  }

  it('because of an older Compose is refused with its version', async () => {
    const plugin = '/home/deploy/.docker/cli-plugins/docker-compose';
    const metadata = '{"SchemaVersion":"0.1.0","Vendor":"lab","Version":"v2.17.3"}';
    const result = await deployWhile(
      `mkdir -p ${plugin.slice(0, plugin.lastIndexOf('/'))}
printf '#!/bin/sh\\ncase $1 in docker-cli-plugin-metadata) echo '"'"'${metadata}'"'"' ;; *) echo 2.17.3 ;; esac\\n' > ${plugin}
chmod 755 ${plugin}; chown -R deploy /home/deploy/.docker`,
      `rm -rf /home/deploy/.docker`,
    );
    await expectRefusal(project, result, 'COMPOSE_TOO_OLD', 'has Compose 2.17.3; 2.20 or newer is needed');
  });

  it('because this user may not use Docker is refused, saying so', async () => {
    const result = await deployWhile('chmod 0600 /run/docker.sock', 'chmod 0660 /run/docker.sock');
    await expectRefusal(project, result, 'DOCKER_UNREACHABLE', 'may this user use it (group docker)?');
  });

  it('because the deploy path is another’s is refused, naming the input', async () => {
    const folder = `chown root:root ${project.path} && chmod 0755 ${project.path}`;
    const result = await deployWhile(folder, `chown deploy:deploy ${project.path}`);
    await expectRefusal(project, result, 'DEPLOY_PATH_UNUSABLE', `input \`deploy-path\`: ${project.path}`);
  });

  it('because a newer version deployed here is refused, naming both layouts', async () => {
    const format = `${project.path}/.deploy/format`;
    const result = await deployWhile(`echo 2 > ${format}`, `echo 1 > ${format}`);
    await expectRefusal(project, result, 'STATE_FORMAT_UNKNOWN', '.deploy/format is "2", this version knows "1"');
  });

  it('because images have no room is refused, saying what could be given back', async () => {
    const result = await deployWhile('mount -t tmpfs -o size=8m tmpfs /var/lib/docker', 'umount -l /var/lib/docker');
    await expectRefusal(project, result, 'NO_SPACE', 'free at /var/lib/docker');
  });

  it('clears away what a killed command left of its pins, once it is old', async () => {
    const state = `${project.path}/.deploy`;
    const prepare = `cd ${state} && mkdir tmp-old tmp-new && touch -d '2 hours ago' tmp-old && chown deploy tmp-old tmp-new`;
    await deployWhile(prepare, 'true');
    const left = await server.exec(['sh', '-c', `ls ${state}`]);
    expect(left.stdout).toContain('tmp-new');
    expect(left.stdout).not.toContain('tmp-old');
  });
});
