import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepResult } from '../../lab/src/runner/index.ts';
import { makeProject, type Project } from './project.ts';

/** Two runs of this file at the same time share one server. */
const projectName = `gate-itg-${process.pid}`;
const publishedPort = 20_000 + (process.pid % 4000) * 2;
let project: Project;
const shaOf = (release: 'v1' | 'v2'): string => project.lab.images.app[release].sha;
const byService = { service: 'app', 'container-port': '8000' };

/** Two containers of v1, reachable from outside the server through one published port of a third service. */
function composeFile(): string {
  const { lab } = project;
  const image = lab.reference('anonymous', lab.images.app.repository, shaOf('v1'));
  const broken = lab.reference('anonymous', lab.images.app.repository, lab.images.app.v3.sha);
  return [
    'services:',
    `  app: { image: "${image}", deploy: { replicas: 2 } }`,
    `  inside: { image: "${image}", ports: ["127.0.0.1:${publishedPort}:8000"] }`,
    `  outside: { image: "${image}", ports: ["${publishedPort + 1}:8000"] }`,
    `  broken: { image: "${broken}" }`,
    `  crashing: { image: "${image}", restart: always, environment: { CRASH_LOOP: "1" } }`,
  ].join('\n');
}

beforeAll(async () => {
  project = await makeProject(projectName);
  await project.start(composeFile());
});

afterAll(() => project.remove());

describe('a gate in front of a real server', () => {
  it('is green when every container of the service answers with the commit, asked by its own address', async () => {
    const step = await project.gate({ ...byService, 'expect-sha': shaOf('v1').slice(0, 12) });
    expect(step.log).toContain('Green after');
    expect(step.outcome).toBe('success');
    expect(step.outputs).toMatchObject({ result: 'healthy', 'observed-sha': shaOf('v1'), 'failed-checks': '[]' });
    expect(step.summary).toContain('✅ Health gate: green');
  });

  it('is red while one old container is behind the name, though the new ones answer', async () => {
    const added = await project.addContainer('v2');
    const step = await project.gate({ ...byService, 'expect-sha': shaOf('v1'), deadline: '4s' });
    await project.removeContainer(added);
    expect(step.exitCode).toBe(1);
    expect(step.outputs).toMatchObject({ result: 'timeout', 'error-code': 'WRONG_COMMIT' });
    expect(step.outputs['failed-checks']).toContain(`commit ${shaOf('v2').slice(0, 12)} answers`);
    expect(step.commands.errors).toHaveLength(1);
    expect(step.summary).toContain('❌ Health gate: red');
  });

  it('turns green as soon as the old container is gone', async () => {
    const added = await project.addContainer('v2');
    let isRemoved = false;
    const job = await project.newJob();
    const step = await job.step({
      uses: 'action-health-gate',
      with: {
        ...byService,
        'ssh-private-key': project.lab.server.privateKey,
        'expect-sha': shaOf('v1'),
        interval: '300ms',
      },
      onLine: (line) => {
        if (isRemoved || !line.text.includes(`commit ${shaOf('v2').slice(0, 12)} answers`)) return;
        isRemoved = true;
        void project.removeContainer(added);
      },
    });
    await job.finish();
    expect(isRemoved).toBe(true);
    expect(step.outputs).toMatchObject({ result: 'healthy', 'observed-sha': shaOf('v1') });
  });

  it('reaches a port bound to the loopback of the server from there, and only from there', async () => {
    const url = `http://127.0.0.1:${publishedPort}/healthz`;
    const inside = await project.gate({ url, via: 'server', 'expect-sha': shaOf('v1') });
    expect(inside.outputs).toMatchObject({ result: 'healthy', 'observed-sha': shaOf('v1') });
    const outside = await project.gate({ url, via: 'runner', deadline: '2s', fail: 'false' });
    expect(outside.outcome).toBe('success');
    expect(outside.outputs).toMatchObject({ result: 'timeout', 'error-code': 'HEALTH_TIMEOUT' });
    expect(outside.commands.warnings).toHaveLength(1);
  });

  it('asks from the runner, the server and a TCP port in parallel', async () => {
    const { address } = project.lab.server;
    const checks = [
      `- { name: public, url: "http://${address}:${publishedPort + 1}/healthz" }`,
      `- { name: loopback, url: "http://127.0.0.1:${publishedPort}/healthz", via: server }`,
      `- { name: port, type: tcp, address: "127.0.0.1:${publishedPort}", via: server }`,
      '- { name: containers, service: app, container-port: 8000, path: /healthz }',
    ].join('\n');
    const step = await project.gate({ checks, 'expect-sha': shaOf('v1') });
    expect(step.outputs).toMatchObject({ result: 'healthy', 'observed-sha': shaOf('v1') });
    for (const name of ['public', 'loopback', 'port', 'containers']) expect(step.summary).toContain(`| ${name} |`);
  });

  it('is red for a service whose port never opens, and says how far an attempt came', async () => {
    const step = await project.gate({ service: 'broken', 'container-port': '8000', deadline: '3s' });
    expect(step.outputs).toMatchObject({ result: 'timeout', 'error-code': 'HEALTH_TIMEOUT' });
    expect(step.commands.errors[0]).toMatch(/service broken from the server, attempt \d+: container \S+: connect: /);
  });

  it('shows state, health probe and log of the containers behind a red check', async () => {
    const step = await project.gate({ service: 'broken', 'container-port': '8000', deadline: '3s' });
    expect(step.log).toMatch(/gate-itg-\d+-broken-1 is running, health \w+.*its last log lines:/);
    expect(step.log).toContain('  | ');
  });

  it('never believes a service that crashes again and again', async () => {
    const step = await project.gate({
      service: 'crashing',
      'container-port': '8000',
      deadline: '6s',
      'success-threshold': '2',
    });
    expect(step.outputs['result']).toBe('timeout');
    expect(['NO_CONTAINER', 'HEALTH_TIMEOUT']).toContain(step.outputs['error-code']);
  });

  it('says so when there is no such service or no such project', async () => {
    const nobody = await project.gate({ service: 'nobody', 'container-port': '8000', deadline: '2s' });
    expect(nobody.outputs['error-code']).toBe('NO_CONTAINER');
    expect(nobody.commands.errors[0]).toContain('service nobody has no running container');
    const elsewhere = await project.gate({ ...byService, 'deploy-path': `${project.path}-nowhere` });
    expect(elsewhere.outputs).toMatchObject({ result: 'error', 'error-code': 'PROJECT_UNKNOWN' });
    const named = await project.gate({ ...byService, 'project-name': projectName });
    expect(named.outputs['result']).toBe('healthy');
  });

  it('finds the project of a Compose file in a folder, whose images are named in the .env of deploy-path', async () => {
    const file = `name: ${projectName}\nservices:\n  app:\n    image: \${APP_IMAGE:?not pinned}\n`;
    const script = 'mkdir -p "$1/sub" && cat > "$1/sub/compose.yaml" && echo APP_IMAGE=lab/app:x > "$1/.env"';
    await project.lab.server.exec(['sh', '-c', script, 'sh', project.path], { stdin: file });
    const step = await project.gate({ ...byService, 'compose-files': 'sub/compose.yaml' });
    expect(step.outputs['result']).toBe('healthy');
  });

  it('marks the release that this run deployed, and no other, so that no rollback picks it', async () => {
    const { server } = project.lab;
    const record = (number: number): string => `${project.path}/.deploy/releases/${number}.json`;
    const redGate = async (runUrl: string): Promise<StepResult> => {
      const release = { number: 3, result: 'ok', pins: [], digests: {}, commit: '', runUrl };
      const script =
        'cd "$1" && mkdir -p .deploy/releases && echo 1 > .deploy/format && cat > .deploy/releases/3.json && ln -sfn releases/3.json .deploy/current && chown -R deploy:deploy .deploy';
      await server.exec(['sh', '-c', script, 'sh', project.path], { stdin: `${JSON.stringify(release)}\n` });
      return project.gate({ ...byService, 'expect-sha': 'f'.repeat(40), deadline: '2s' }, {}, '4711');
    };
    const other = await redGate('https://github.com/acme/api/actions/runs/1/attempts/1');
    expect(other.commands.errors[0]).toContain('This step changed nothing');
    expect((await server.exec(['cat', record(3)])).stdout).not.toContain('gateFailed');

    const own = await redGate('https://github.com/acme/api/actions/runs/4711/attempts/1');
    expect(own.commands.errors[0]).toContain('Release 3 still runs; it is marked as failed');
    expect(JSON.parse((await server.exec(['cat', record(3)])).stdout)).toMatchObject({ number: 3, gateFailed: true });
    // The lease was free before, so it is free again.
    expect((await server.exec(['ls', '-A', `${project.path}/.deploy`])).stdout).not.toContain('lease.json');
  });

  it('does not talk to a server with another host key', async () => {
    const { knownHosts } = project.lab.server;
    const wrong = knownHosts.replaceAll(
      /(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) \S+/g,
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    );
    const step = await project.gate({ ...byService, 'known-hosts': wrong });
    expect(step.outputs).toMatchObject({ result: 'error', 'error-code': 'HOST_KEY_MISMATCH' });
    expect(step.commands.errors).toHaveLength(1);
  });

  it('ends at once when it is cancelled', async () => {
    const job = await project.newJob();
    const running = job.step({
      uses: 'action-health-gate',
      with: { ...byService, 'ssh-private-key': project.lab.server.privateKey, 'expect-sha': 'f'.repeat(40) },
      onLine: (line) => {
        if (line.text.includes('not yet')) void job.cancel();
      },
    });
    const step = await running;
    await job.finish();
    expect(step.outputs).toMatchObject({ result: 'cancelled', 'error-code': 'CANCELLED' });
    expect(step.durationMs).toBeLessThan(20_000);
  });

  it('shows no key and no header value anywhere', async () => {
    const key = project.lab.server.privateKey.split('\n')[3] ?? expect.unreachable('no key');
    const step = await project.gate({
      ...byService,
      'expect-sha': 'f'.repeat(40),
      deadline: '3s',
      headers: 'X-Key: s3cret-header-value',
    });
    const seen = [step.rawLog, step.summary, ...Object.values(step.outputs)].join('\n');
    expect(seen).not.toContain(key);
    expect(seen).not.toContain('s3cret-header-value');
  });
});
