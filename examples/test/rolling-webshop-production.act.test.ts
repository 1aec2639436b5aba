import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import type { ActResult } from '../../lab/src/act/index.ts';
import { testPath } from './path-row.ts';
import { readTag } from './published-image.ts';
import type { RunChanges } from './team.ts';
import { approver, example, jobOf, openShop, type Shop } from './webshop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await openShop('production');
});

afterAll(async () => {
  await shop[Symbol.asyncDispose]();
});

/** The commit of a version, which is a tag in git. */
function tagVersion(version: string): void {
  shop.nameCommit(shop.team.repository.commit(version), version);
}

function release(tag: string, changes?: RunChanges): Promise<ActResult> {
  return shop.dispatch('deploy-production.yml', { tag }, changes);
}

/** Digests of the tags of a version, for the backend and for the frontend. */
async function readDigests(tags: readonly string[]): Promise<readonly string[]> {
  const images = ['backend', 'frontend-production'];
  const read = (image: string): Promise<string> =>
    Promise.all(tags.map((tag) => readTag(shop.lab, shop.repositoryOf(image), tag))).then((digests) => {
      expect(new Set(digests).size, `${image}: ${digests.join(' ')}`).toBe(1);
      return digests[0] ?? '';
    });
  return Promise.all(images.map(read));
}

function strangerKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

testPath(example, 'production, no version', 'failure at version (refused): nothing serves', async () => {
  const run = await release('main');
  expect(run.jobs['deploy']?.steps ?? {}).toEqual({});
  return shop.tell(run);
});

testPath(
  example,
  'production, with a backup of last week only',
  'failure at backup (COMMAND_FAILED): nothing serves',
  async () => {
    tagVersion('v1.16.0');
    await shop.lab.server.exec(['touch', '-d', '7 days ago', `${shop.backups}/whole.dump`]);
    const run = await release('v1.16.0');
    expect(jobOf(run, 'build').steps['push']?.outcome, run.lines.join('\n')).toBe('success');
    expect((await readDigests(['v1.16.0', '1.16', 'latest'])).every((digest) => digest !== '')).toBe(true);
    expect(await shop.team.readLedger()).toEqual([]);
    expect(await shop.team.project.listContainers()).toEqual([]);
    expect(shop.readNotes()).toEqual([expect.stringContaining('failed')]);
    return shop.tell(run);
  },
);

testPath(
  example,
  'production, a version with a fresh backup, started twice',
  'success and success: v1.16.0 serves',
  async () => {
    const built = await readDigests(['v1.16.0']);
    await shop.lab.server.exec(['touch', `${shop.backups}/whole.dump`]);
    const runs = await Promise.all([release('v1.16.0'), release('v1.16.0')]);
    const seen = await Promise.all(runs.map((run) => shop.tell(run)));
    expect(seen[0], runs.flatMap(({ lines }) => lines).join('\n')).toMatch(/^success/);
    for (const run of runs) expect(jobOf(run, 'build').steps['push']?.outcome ?? 'skipped').toBe('skipped');
    expect(await readDigests(['v1.16.0', '1.16', 'latest'])).toEqual(built);
    const outcomes = runs.map((run) => jobOf(run, 'deploy').steps['rollout']?.outputs['outcome']);
    expect(outcomes.sort()).toEqual(['deployed', 'noop']);
    const ledger = await shop.team.readLedger();
    expect(ledger.map(({ result }) => result)).toEqual(['ok']);
    for (const digest of built) expect(ledger[0]?.text).toContain(digest);
    expect(await (await fetch(shop.url)).text()).toContain('https://shop.example/api/');
    // Production gets no seed data.
    expect(await shop.query('select count(*) from shop_product')).toBe('0');
    const notes = shop.readNotes();
    expect(notes).toHaveLength(2);
    for (const note of notes) for (const told of ['v1.16.0', approver]) expect(note).toContain(told);
    return `${runs.map((run) => jobOf(run, 'deploy').outcome).join(' and ')}${(seen[1] ?? '').replace('success', '')}`;
  },
);

testPath(
  example,
  'production, a key that the server does not know',
  'failure at sync (SSH_AUTH_REJECTED): v1.16.0 serves',
  async () => {
    const before = await shop.team.project.listContainers();
    const run = await release('v1.16.0', { secrets: { DEPLOY_SSH_PRIVATE_KEY: strangerKey() } });
    expect(await shop.team.project.listContainers()).toEqual(before);
    expect(shop.readNotes()).toEqual([expect.stringContaining('failed')]);
    return shop.tell(run);
  },
);
