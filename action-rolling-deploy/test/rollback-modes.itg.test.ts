import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appImage, makeProject, type Project } from './project.ts';

let project: Project;

const commits = { v1: 'a1'.repeat(20), v2: 'b2'.repeat(20) };
const run = (version: 'v1' | 'v2', runNumber: string) => ({ sha: commits[version], runNumber });
const digest = (version: 'v1' | 'v2'): string => project.lab.images.app[version].digest;

beforeAll(async () => {
  project = await makeProject('rolling-modes');
  await project.lay(`services:
  app:
    image: unset.example/app:0
    env_file: app.env
    expose: ["8000"]
`);
  for (const [version, number] of [
    ['v1', '1'],
    ['v2', '2'],
  ] as const) {
    const deployed = await project.deploy({ images: appImage(project.lab, version) }, run(version, number));
    expect(deployed.outputs['outcome']).toBe('deployed');
  }
});

afterAll(async () => {
  await project.remove();
});

/** GitHub's API with one answer to whatever it is asked. */
async function withApi(answer: unknown, body: (apiUrl: string) => Promise<void>): Promise<readonly string[]> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
  return asked;
}

/** Release 2 (v2, run 2) is current whenever one of these begins; each leaves it so. */
describe('refuse-older', () => {
  const older = { 'refuse-older': 'true' };

  it('stops a run that waited in the queue behind a newer one, by its run number', async () => {
    const images = appImage(project.lab, 'v1');
    const refused = await project.deploy({ images, ...older }, run('v1', '1'));
    expect(refused.outputs).toMatchObject({ outcome: 'refused', 'error-code': 'OLDER_COMMIT' });
    expect(refused.log).toContain('this is run 1 of the workflow, the deployed one was run 2');
    expect(await project.runningDigests()).toEqual([digest('v2')]);
    expect(await project.read('.deploy/lease.json')).toBe('');
  });

  it('goes by the history where GitHub tells it, and asks for nothing else', async () => {
    const asked = await withApi({ status: 'behind', commits: [] }, async (apiUrl) => {
      const inputs = { images: appImage(project.lab, 'v1'), 'github-token': 'ghs_not_a_token', ...older };
      const refused = await project.deploy(inputs, { ...run('v1', '9'), apiUrl });
      expect(refused.log).toContain('the deployed commit contains it');
      expect(refused.outputs['error-code']).toBe('OLDER_COMMIT');
      expect(refused.rawLog).not.toContain('ghs_not_a_token\n');
    });
    expect(asked).toEqual([`/repos/acme/api/compare/${commits.v2}...${commits.v1}?per_page=1`]);
  });

  it('lets the deployed commit itself be deployed again', async () => {
    const again = await project.deploy({ images: appImage(project.lab, 'v2'), ...older }, run('v2', '2'));
    expect(again.outputs['outcome']).toBe('noop');
  });
});

describe('a lease whose run is over', () => {
  it('is taken over at once where GitHub says so', async () => {
    const dead = {
      owner: {
        id: 'x',
        repository: 'acme/api',
        runId: '5',
        runAttempt: 1,
        job: 'deploy',
        actor: 'x',
        runUrl: 'u',
        commit: '',
      },
      generation: 1,
      acquired: Math.floor(Date.now() / 1000),
      renewed: Math.floor(Date.now() / 1000),
      expires: Math.floor(Date.now() / 1000) + 3600,
    };
    await project.write('.deploy/lease.json', JSON.stringify(dead));
    await withApi({ status: 'completed', run_attempt: 1 }, async (apiUrl) => {
      const inputs = { images: appImage(project.lab, 'v2'), 'github-token': 'ghs_not_a_token', 'lock-wait': '0' };
      expect((await project.deploy(inputs, { ...run('v2', '2'), apiUrl })).outputs['outcome']).toBe('noop');
    });
  });
});

describe('mode: rollback', () => {
  it('refuses a target that does not exist, before the connection or after it, with one error', async () => {
    for (const [to, code] of [
      ['prevoius', 'INPUT_INVALID'],
      ['77', 'NO_RELEASE'],
      ['abcdef1', 'NO_RELEASE'],
    ] as const) {
      const refused = await project.deploy({ mode: 'rollback', to });
      expect(refused.outputs).toMatchObject({ outcome: 'refused', 'error-code': code });
      expect(refused.commands.errors).toHaveLength(1);
      expect(refused.log).toContain(to);
    }
    expect(await project.runningDigests()).toEqual([digest('v2')]);
  });

  it('goes to a commit, is recorded as that commit, and finds nothing to do the second time', async () => {
    const to = commits.v1.slice(0, 7);
    const back = await project.deploy({ mode: 'rollback', to }, run('v2', '3'));
    expect(back.outputs).toMatchObject({ outcome: 'rolled_back', release: '3' });
    expect(await project.runningDigests()).toEqual([digest('v1')]);
    const record: unknown = JSON.parse(await project.read('.deploy/releases/3.json'));
    expect(record).toMatchObject({ commit: commits.v1, restores: 1, runNumber: 1 });
    expect(await project.read('.deploy/releases/2.json')).toContain('"gateFailed":true');
    const again = await project.deploy({ mode: 'rollback', to });
    expect(again.outputs).toMatchObject({ outcome: 'noop', release: '3' });
    // A fixed version that follows is newer than what runs now.
    const forward = await project.deploy(
      { images: appImage(project.lab, 'v2'), 'refuse-older': 'true' },
      run('v2', '2'),
    );
    expect(forward.outputs).toMatchObject({ outcome: 'deployed', release: '4' });
  });

  it('crosses an irreversible migration only when forced, and says so loudly', async () => {
    await project.write('.deploy/migration.json', '{"applied":true,"reversible":false}');
    const migrated = await project.deploy({ images: appImage(project.lab, 'v2'), recreate: 'all' }, run('v2', '4'));
    expect(migrated.outputs['release']).toBe('5');
    const refused = await project.deploy({ mode: 'rollback', to: digest('v1') });
    expect(refused.outputs['error-code']).toBe('NO_RELEASE');
    expect(refused.log).toContain('irreversible');
    // The version as the image's own label says it.
    const forced = await project.deploy({ mode: 'rollback', to: '1.0.0', force: 'true' });
    expect(forced.outputs['outcome']).toBe('rolled_back');
    expect(forced.summary).toContain('FORCED across the irreversible migration of release 5');
    expect(await project.runningDigests()).toEqual([digest('v1')]);
  });
});

describe('a rollback that fails', () => {
  it('is not rolled back: what runs stays, and the message says what that is', async () => {
    // What release 1 ran cannot start any more: its health check was turned into one that fails.
    await project.deploy({ images: appImage(project.lab, 'v2') }, run('v2', '6'));
    const before = await project.containers();
    await project.write('app.env', 'GREETING=hello\nNEVER_HEALTHY=1\n');
    const failed = await project.deploy({ mode: 'rollback', to: '1', 'health-timeout': '15s', force: 'true' });
    expect(failed.outputs).toMatchObject({ outcome: 'rollback_failed', 'error-code': 'ROLLBACK_FAILED' });
    expect(failed.log).toContain('is not rolled back. Running now: app=');
    expect(await project.containers()).toEqual(before);
    expect(await project.read('.deploy/lease.json')).toBe('');
  });
});
