import { readFile } from 'node:fs/promises';
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
  return [
    'services:',
    `  app: { image: "${image}", deploy: { replicas: 2 } }`,
    `  inside: { image: "${image}", ports: ["127.0.0.1:${publishedPort}:8000"] }`,
    `  outside: { image: "${image}", ports: ["${publishedPort + 1}:8000"] }`,
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
    // The name is the certificate's and the Host header's; where to connect is another matter.
    const check = `- { url: "http://app.example/healthz", connect-to: "127.0.0.1:${publishedPort}", via: server }`;
    const named = await project.gate({ checks: check, 'expect-sha': shaOf('v1') });
    expect(named.outputs).toMatchObject({ result: 'healthy', 'observed-sha': shaOf('v1') });
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

  it('is red at once, with the exit code, when the app crashes after its first successes', async () => {
    const { server } = project.lab;
    const program = [
      "const { existsSync, rmSync } = require('node:fs');",
      "require('node:http').createServer((_, response) => response.end('{}')).listen(8000);",
      "const crash = () => { rmSync('/tmp/crash'); console.log('ending with exit code 1'); process.exit(1); };",
      "setInterval(() => existsSync('/tmp/crash') && crash(), 50);",
    ].join(' ');
    const flaky = await project.runService('flaky', ['--restart', 'always'], ['node', '-e', program]);
    let crashing: Promise<unknown> | undefined;
    const inputs = { service: 'flaky', 'container-port': '8000', 'stable-for': '2m' };
    // The container may end before what was started in it: then `exec` fails, and the crash has been told all the same.
    const touch = ['exec', flaky, 'touch', '/tmp/crash'];
    const step = await project.gate(inputs, {}, '1', ({ text }) => {
      if (text.includes('service flaky: ok')) crashing ??= server.docker(touch, { allowFailure: true });
    });
    await crashing;
    await project.removeContainer(flaky);
    expect(crashing).toBeDefined();
    expect(step.outputs).toMatchObject({ result: 'unhealthy', 'error-code': 'CONTAINER_FAILED' });
    // Its exit code is asked of Docker’s last 256 events, which other containers fill too; the log is always there.
    expect(step.commands.errors[0]).toContain('crashed and was restarted 1 time while the gate looked');
    expect(step.log).toContain('  | ending with exit code 1');

    const once = await project.runService('once', ['-e', 'CRASH_LOOP=1']);
    await server.docker(['wait', once]);
    const ended = await project.gate({ checks: '- { type: container, service: once }' });
    await project.removeContainer(once);
    expect(ended.outputs).toMatchObject({ result: 'unhealthy', 'error-code': 'CONTAINER_FAILED' });
    expect(ended.commands.errors[0]).toContain('ended by itself (exit code 1)');

    const eat = ['node', '-e', 'const all = []; for (;;) all.push(Buffer.alloc(1e6, 1))'];
    const hungry = await project.runService('hungry', ['--memory', '64m', '--memory-swap', '64m'], eat);
    await server.docker(['wait', hungry]);
    const killed = await project.gate({ checks: '- { type: container, service: hungry }' });
    await project.removeContainer(hungry);
    expect(killed.commands.errors[0]).toContain('ended by itself (exit code 137, killed for want of memory)');
  });

  it('runs commands in the containers, and is green with a warning when only one that may fail does', async () => {
    const checks = [
      '- { name: state, type: container, service: app }',
      '- { name: command, type: exec, service: app, command: [node, -e, "process.exit(0)"] }',
      '- name: contract',
      '  type: exec',
      '  service: app',
      '  command: [node, -e, "console.error(\'schema is $HOME old\'); process.exit(3)"]',
      '  allow-failure: true',
    ].join('\n');
    const job = await project.newJob();
    const key = { 'ssh-private-key': project.lab.server.privateKey };
    const step = await job.step({
      uses: 'action-health-gate',
      with: { ...key, checks, 'success-threshold': '1', 'stable-for': '0s' },
    });
    // Before the end of the job, when the runner empties its folder.
    const report = JSON.parse(await readFile(step.outputs['report-path'] ?? '', 'utf8')) as unknown;
    await job.finish();
    expect(step.outputs).toMatchObject({ result: 'healthy' });
    expect(step.commands.warnings).toHaveLength(1);
    expect(step.commands.warnings[0]).toMatch(
      /contract: container \S+: node ended with exit code 3: schema is \$HOME old/,
    );
    expect(step.summary).toContain('⚠️ not healthy (allowed)');
    expect(report).toMatchObject({ result: 'healthy', checks: [{ green: true }, { green: true }, { green: false }] });

    const scan = {
      ...byService,
      'log-scan': 'never logged\n^listening on',
      'log-since': '1h',
      'success-threshold': '1',
    };
    const logged = await project.gate(scan);
    expect(logged.outputs).toMatchObject({ result: 'unhealthy', 'error-code': 'LOG_MATCH' });
    expect(logged.commands.errors[0]).toMatch(/logged what matches \/\^listening on\/: listening on 8000/);
  });

  it('says so when there is no such project, and takes its name', async () => {
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
    // A gate only looks: not even the folder of the deploy's state is made.
    const files = await project.lab.server.exec(['ls', '-A', project.path]);
    expect(files.stdout.trim().split('\n')).toEqual(['.env', 'compose.yaml', 'sub']);
  });

  it('marks the release that this run deployed, and no other, so that no rollback picks it', async () => {
    const { server } = project.lab;
    const record = (number: number): string => `${project.path}/.deploy/releases/${number}.json`;
    const writeRelease = async (runUrl: string): Promise<void> => {
      const startedAt = new Date().toISOString();
      const release = { number: 3, result: 'ok', pins: [], digests: {}, commit: '', runUrl, startedAt };
      const script =
        'cd "$1" && mkdir -p .deploy/releases && echo 1 > .deploy/format && cat > .deploy/releases/3.json && ln -sfn releases/3.json .deploy/current && chown -R deploy:deploy .deploy';
      await server.exec(['sh', '-c', script, 'sh', project.path], { stdin: `${JSON.stringify(release)}\n` });
    };
    const redGate = async (runUrl: string): Promise<StepResult> => {
      await writeRelease(runUrl);
      return project.gate({ ...byService, 'expect-sha': 'f'.repeat(40), deadline: '2s' }, {}, '4711');
    };
    const other = await redGate('https://github.com/acme/api/actions/runs/1/attempts/1');
    expect(other.commands.errors[0]).toContain('This step changed nothing');
    expect((await server.exec(['cat', record(3)])).stdout).not.toContain('gateFailed');

    const own = await redGate('https://github.com/acme/api/actions/runs/4711/attempts/1');
    expect(own.commands.errors[0]).toContain('Release 3 still runs; it is marked as failed');
    expect(JSON.parse((await server.exec(['cat', record(3)])).stdout)).toMatchObject({ number: 3, gateFailed: true });

    // Also without `fail`, and when every check asks from the runner.
    const elsewhere = { url: 'http://127.0.0.1:1/', deadline: '1s', 'success-threshold': '1', fail: 'false' };
    await writeRelease('https://github.com/acme/api/actions/runs/4711/attempts/1');
    const lenient = await project.gate(elsewhere, {}, '4711');
    expect(lenient.outcome).toBe('success');
    expect(lenient.commands.warnings[0]).toContain('Release 3 still runs; it is marked as failed');
    expect(JSON.parse((await server.exec(['cat', record(3)])).stdout)).toMatchObject({ number: 3, gateFailed: true });

    // A log scan looks back to the beginning of this run's deploy; the line is older.
    await writeRelease('https://github.com/acme/api/actions/runs/4711/attempts/1');
    const scan = { ...byService, 'log-scan': '^listening on', 'log-since': '1h', 'success-threshold': '1' };
    const quiet = await project.gate(scan, {}, '4711');
    expect(quiet.outputs['result']).toBe('healthy');
    expect(quiet.log).toMatch(/Searching the logs of app since \d{4}-/);
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

  it('ends when it is cancelled', async () => {
    const job = await project.newJob();
    const running = job.step({
      uses: 'action-health-gate',
      with: {
        ...byService,
        'ssh-private-key': project.lab.server.privateKey,
        'expect-sha': 'f'.repeat(40),
        deadline: '30m',
      },
      onLine: (line) => {
        if (line.text.includes('not yet')) void job.cancel();
      },
    });
    const step = await running;
    await job.finish();
    expect(step.outputs).toMatchObject({ result: 'cancelled', 'error-code': 'CANCELLED' });
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
