import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLab, startBareServer, type ExtraServer, type Lab } from '../../lab/src/index.ts';
import { createJob, type StepResult } from '../../lab/src/runner/index.ts';
import { readCommandBlock } from '../command-blocks.ts';
import { root } from '../workspace.ts';

let lab: Lab;
let server: ExtraServer;
let folder: string;
let publicKey: string;

/** The guide's blocks, typed where the guide says: on one's own machine, and as root on a server that knows no deploys yet. */
beforeAll(async () => {
  lab = await openLab();
  server = await startBareServer(lab, 'setup-guide');
  folder = mkdtempSync(join(tmpdir(), 'setup-server-'));
  execFileSync('sh', ['-c', readCommandBlock('deploy key')], { cwd: folder });
  publicKey = readFileSync(join(folder, 'deploy_key.pub'), 'utf8').trim();
  const script = readFileSync(join(root, 'docs/guides/setup-server.sh'), 'utf8');
  await server.exec(['sh', '-c', 'cat > /root/setup-server.sh'], { stdin: script });
  await server.exec(['sh', '-c', 'cat > /root/deploy_key.pub'], { stdin: `${publicKey}\n` });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function typeAsRoot(command: string): Promise<string> {
  const { stdout, stderr } = await server.exec(['sh', '-c', `cd /root && ${command}`], { allowFailure: true });
  return stdout + stderr;
}

async function examine(): Promise<StepResult> {
  const workspace = join(folder, 'workspace');
  const job = await createJob({
    workspace,
    env: {
      DEPLOY_HOST: server.address,
      DEPLOY_PORT: String(server.port),
      DEPLOY_USER: 'deploy',
      DEPLOY_KNOWN_HOSTS: server.knownHosts,
      DEPLOY_PATH: '/srv/api-staging',
    },
    secrets: { DEPLOY_SSH_PRIVATE_KEY: readFileSync(join(folder, 'deploy_key'), 'utf8') },
    github: { repository: 'acme/api', runId: '1', runAttempt: '1' },
  });
  const result = await job.step({
    uses: 'action-rolling-deploy',
    with: { mode: 'doctor', 'ssh-private-key': readFileSync(join(folder, 'deploy_key'), 'utf8') },
  });
  await job.finish();
  await job.dispose();
  return result;
}

test('a server that was set up as the guide says is ready for deploys, and setting it up again changes nothing', async () => {
  const refused = await examine();
  expect(refused.outputs).toMatchObject({ outcome: 'refused', 'error-code': 'SSH_AUTH_REJECTED' });
  expect(refused.summary).toContain('❌ | Connection');
  const command = readCommandBlock('set up a server').trim();
  const said = await typeAsRoot(command);
  expect(said).toContain('Made the user deploy');
  expect(said).toContain('Made /srv/api-staging.');
  expect(said).toMatch(/^web1\.example\.com ssh-ed25519 AAAA/m);
  expect(said).toContain('127.0.0.1:5432:5432');
  const ready = await examine();
  expect(ready.outputs, ready.log).toMatchObject({ outcome: 'noop', 'error-code': '' });
  expect(ready.summary).toContain('### 🩺 Checkup of deploy@');
  // The server's own files say the key that the connection saw.
  const [, ...pinned] = server.knownHosts.trim().split(' ');
  expect(ready.outputs['status']).toContain(pinned.join(' '));

  const list = 'cat /home/deploy/.ssh/authorized_keys; ls -la /srv/api-staging /home/deploy/.ssh; id deploy';
  const before = await typeAsRoot(list);
  expect(before).toContain(`restrict,port-forwarding ${publicKey}`);
  expect(before).toMatch(/-rw------- 1 deploy deploy +0 .*\.env/);
  expect(await typeAsRoot(command)).toContain('User deploy is there.');
  expect(await typeAsRoot(list)).toBe(before);
});

test.each([
  ['', 'no --key'],
  ["--key 'a private thing'", '--key: not the line of a public key'],
  ['--key "$(cat deploy_key.pub)" --user root', 'a user of their own'],
  ['--key "$(cat deploy_key.pub)" --path relative', 'an absolute path'],
  ['--nonsense 1', 'unknown option --nonsense'],
])('the options %j are refused before anything is changed', async (options, message) => {
  const said = await typeAsRoot(`sh setup-server.sh --user nobody-yet ${options}; id nobody-yet`);
  expect(said).toContain(message);
  expect(said).toContain('Nothing was changed.');
  expect(said).toContain('no such user');
});
