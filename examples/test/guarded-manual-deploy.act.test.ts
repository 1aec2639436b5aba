import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActResult } from '../../lab/src/act/index.ts';
import { ensureImages, type Lab } from '../../lab/src/index.ts';
import { pauseDeploy } from '../../lab/src/pause.ts';
import { readCommandBlock } from '../../scripts/command-blocks.ts';
import { deployWorkflow, hostName, leaseFolder, openGuardedTeam, type GuardedTeam } from './guarded-team.ts';
import { testPath } from './path-row.ts';
import type { Team } from './team.ts';

const example = 'guarded-manual-deploy';

let lab: Lab;
let guarded: GuardedTeam;
let team: Team;

beforeAll(async () => {
  lab = await ensureImages('full');
  guarded = await openGuardedTeam(lab);
  ({ team } = guarded);
});

afterAll(async () => {
  await guarded.close();
});

function outputOf(run: ActResult, step: string, name: string): string | undefined {
  return run.jobs['deploy']?.steps[step]?.outputs[name];
}

testPath(example, 'a push to main', 'no job: nothing serves', async () => {
  const run = await team.push('deploy.yml', guarded.commits.v1);
  expect(run.jobs).toEqual({});
  return guarded.tell(run);
});

testPath(example, 'something else than DEPLOY typed', 'failure at typed (refused): nothing serves', async () => {
  const run = await guarded.deploy('v1', {}, { confirm: 'deploy' });
  expect(run.jobs['deploy']?.steps ?? {}).toEqual({});
  expect(run.lines.join('\n')).toContain('Nothing was changed');
  expect(guarded.readTunnels()).toEqual([]);
  return guarded.tell(run);
});

testPath(example, 'a commit that was never built', 'failure at verify (TAG_MISSING): nothing serves', async () => {
  const run = await guarded.deploy('v1');
  expect(outputOf(run, 'sync', 'release-id')).toBeUndefined();
  expect(await team.readLedger()).toEqual([]);
  return guarded.tell(run);
});

const oneByOne = 'success and success: the last release serves, with its compose file';
testPath(example, 'two commits built by the workflow, and deployed at the same time', oneByOne, async () => {
  await guarded.build('v1');
  await guarded.build('v2');
  const runs = await Promise.all([guarded.deploy('v1'), guarded.deploy('v2')]);
  const outcomes = runs.map(({ jobs }) => jobs['deploy']?.outcome).join(' and ');
  expect(outcomes, runs.flatMap(({ lines }) => lines).join('\n')).toBe('success and success');
  const served = await guarded.readServed();
  const ledger = await team.readLedger();
  expect(ledger.map(({ result }) => result)).toEqual(['ok', 'ok']);
  const isLast = (served === 'v1' || served === 'v2') && ledger.at(-1)?.text.includes(guarded.commits[served]) === true;
  const files = (await guarded.readFiles()) === served ? 'its compose file' : 'the other one’s compose file';
  return `${outcomes}: ${isLast ? 'the last release' : served} serves, with ${files}`;
});

testPath(example, 'the workflow at the older commit', 'success: v1 serves', async () => {
  const [before, ledger] = [guarded.readTunnels().length, await team.readLedger()];
  const run = await guarded.deploy('v1', {}, { target: 'staging' });
  // Nothing resolves the server's name: each step that reached it came this way.
  expect(guarded.readTunnels().slice(before).length).toBeGreaterThan(3);
  expect(new Set(guarded.readTunnels())).toEqual(new Set([`${hostName}:22`]));
  expect(await guarded.readFiles()).toBe('v1');
  expect((await team.readLedger()).slice(ledger.length)).toMatchObject([{ result: 'ok' }]);
  expect(await team.readServerFile('.deploy/audit.jsonl')).toContain('ticket 4711');
  const note = team.chat.requests.at(-1)?.body;
  expect(note).toContain('ticket 4711');
  expect(note).toContain('staging');
  return guarded.tell(run);
});

testPath(example, 'a person has frozen the server', 'failure at sync (LOCKED): v1 serves', async () => {
  const freeze = readCommandBlock('freeze the whole server').replaceAll('/srv/deploy-lease', leaseFolder);
  await lab.server.exec(['sh', '-c', freeze]);
  const [before, ledger] = [await team.project.listContainers(), await team.readLedger()];
  const run = await guarded.deploy('v2', { vars: { LOCK_WAIT: '1s' } });
  await lab.server.exec(['rm', `${leaseFolder}/.deploy/lease.json`]);
  expect(run.lines.join('\n')).toContain('moving the database');
  expect(await team.project.listContainers()).toEqual(before);
  expect(await team.readLedger()).toEqual(ledger);
  return guarded.tell(run);
});

const stopped = 'failure at rollout: v1 serves, from the container that the person made';
testPath(example, 'a person who asks nobody types docker compose up in the middle of it', stopped, async () => {
  const { deployPath } = team.project;
  const pause = await pauseDeploy(lab.server, { path: deployPath, step: 'healthy' });
  const deploying = guarded.deploy('v2');
  let left: readonly string[];
  try {
    await Promise.race([pause.reached, deploying]);
    // What Compose resolves there is still the old release: it comes back.
    await lab.server.exec(['sh', '-c', 'cd "$1" && exec docker compose up --detach', 'sh', deployPath]);
    left = await team.project.listContainers();
    await pause.release();
  } finally {
    await pause.remove();
  }
  const run = await deploying;
  const isLeft = (await team.project.listContainers()).join() === left.join();
  expect(await guarded.readFiles()).toBe('v1');
  const seen = (await guarded.tell(run)).replace(/ \(.*?\)/, '');
  return `${seen}, from ${isLeft ? 'the container that the person made' : 'another container'}`;
});

testPath(example, 'a key that the server does not know', 'failure at sync (SSH_AUTH_REJECTED): v1 serves', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  return guarded.tell(await guarded.deploy('v2', { secrets: { DEPLOY_SSH_PRIVATE_KEY: stranger } }));
});

testPath(example, 'an image that never gets healthy', 'failure at rollout (CONTAINER_EXITED): v1 serves', async () => {
  await guarded.build('broken');
  const run = await guarded.deploy('broken');
  expect(outputOf(run, 'rollout', 'outcome')).toBe('rolled_back');
  expect(run.lines.join('\n')).toContain('a setting is missing');
  expect((await team.readLedger()).at(-1)).toMatchObject({ result: 'rolled_back' });
  expect(await guarded.readFiles()).toBe('v1');
  expect(team.chat.requests.at(-1)?.body).toContain('rolled back');
  return guarded.tell(run);
});

testPath(example, 'an app that says another commit', 'failure at gate (WRONG_COMMIT): v1 serves', async () => {
  await guarded.build('liar');
  // What is red stays red: nobody waits a minute for that.
  team.repository.replace(deployWorkflow, 'deadline: 1m', 'deadline: 25s');
  const run = await guarded.deploy('liar');
  team.repository.replace(deployWorkflow, 'deadline: 25s', 'deadline: 1m');
  expect(outputOf(run, 'rollout', 'outcome')).toBe('deployed');
  expect(outputOf(run, 'rollback', 'outcome')).toBe('rolled_back');
  expect(await guarded.readFiles()).toBe('v1');
  expect(team.chat.requests.at(-1)?.body).toContain('rolled back');
  return guarded.tell(run);
});

testPath(example, 'a broken contract', 'failure at contracts (HEALTH_TIMEOUT): rude serves', async () => {
  await guarded.build('rude');
  const run = await guarded.deploy('rude');
  expect(run.lines.join('\n')).toContain('/api/orders lacks next');
  expect((await team.readLedger()).at(-1)?.text).toContain('"gateFailed":true');
  expect(team.chat.requests.at(-1)?.body).toContain('contracts');
  return guarded.tell(run);
});

testPath(example, 'a broken contract that is allowed', 'success: rude serves, with a warning', async () => {
  const [before] = await team.project.listContainers('api');
  const run = await guarded.deploy('rude', { vars: { ALLOW_CONTRACT_FAILURE: 'true' } });
  // The same image: a new container all the same.
  expect(await team.project.listContainers('api')).not.toContain(before);
  expect((await team.readLedger()).at(-1)?.text).not.toContain('gateFailed');
  const warned = run.lines.some((line) => line.includes('"command":"warning"') && line.includes('contracts'));
  expect(team.chat.requests.at(-1)?.body).toContain('broken, allowed by');
  return `${await guarded.tell(run)}${warned ? ', with a warning' : ''}`;
});

test('no secret is in anything that these runs printed, unmasked as they are', () => {
  const secrets = [
    lab.server.privateKey.split('\n')[1] ?? '',
    lab.registry.bearer.password ?? '',
    lab.registry.bearer.readOnlyPassword ?? '',
  ];
  expect(secrets.every((secret) => secret.length > 10)).toBe(true);
  const said = team.runs.flatMap(({ lines }) => lines.filter((line) => !line.includes('"command":"add-mask"')));
  expect(said.length).toBeGreaterThan(100);
  expect(secrets.filter((secret) => said.join('\n').includes(secret))).toEqual([]);
});
