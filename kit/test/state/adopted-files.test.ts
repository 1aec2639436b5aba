import { execFileSync } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/host/batch.ts';
import { archiveLiveFiles } from '../../src/state/adopted-files.ts';
import { activateStagedTree, finishActivationParts, stageReleaseFiles } from '../../src/state/staged-tree.ts';
import { makeSite, type Site } from './staged-fixture.ts';

let site: Site;

beforeEach(async () => {
  site = await makeSite();
});

afterEach(() => {
  site.remove();
});

const byHand = {
  'compose.yaml': 'services: old\n',
  'conf/nginx.conf': 'old\n',
  'bin/run': '#!/bin/sh\n',
  'current.conf': '-> conf/nginx.conf',
  '.env': 'SECRET=1\n',
  'data/notes': 'only here\n',
};

const archive = async (): Promise<void> => {
  const files = {
    paths: ['compose.yaml', 'missing.yaml', '../outside', '.env'],
    privatePaths: ['.env', 'missing.env'],
  };
  await archiveLiveFiles(site.host, site.path, 0, files);
};

const finish = async (number: number): Promise<void> => {
  await runBatch(site.host, finishActivationParts(site.host, site.path, number, 1));
};

describe('the files of release 0', () => {
  it('come back as they were laid by hand, without what a sync added and without touching env files', async () => {
    site.write(byHand);
    chmodSync(join(site.path, 'conf/nginx.conf'), 0o600);
    const releaseId = await site.stage({
      'compose.yaml': 'services: new\n',
      'conf/nginx.conf': 'new\n',
      'bin/run': 'no script any more\n',
      'current.conf': 'a file now\n',
      'conf/added': 'new\n',
    });
    await archive();
    await activateStagedTree(site.host, site.path, releaseId);
    await finish(1);
    site.write({ '.env': 'SECRET=2\n' });
    const staged = await stageReleaseFiles(site.host, site.path, 0);
    await activateStagedTree(site.host, site.path, staged?.releaseId ?? '');
    expect(site.read()).toEqual({ ...byHand, '.env': 'SECRET=2\n' });
    expect(statSync(join(site.path, 'conf/nginx.conf')).mode & 0o777).toBe(0o600);
  });

  it('are for the deploy user alone, env files among them, and stay whatever is retained', async () => {
    site.write(byHand);
    await archive();
    const tar = join(site.path, '.deploy/files/0.tar');
    expect(statSync(tar).mode & 0o777).toBe(0o600);
    const names = execFileSync('tar', ['-tf', tar], { encoding: 'utf8' });
    expect(names.split('\n').filter((name) => name !== '' && !name.endsWith('/'))).toEqual([
      'manifest.json',
      'tree/compose.yaml',
      'env/.env',
    ]);
    for (const number of [1, 2, 3]) {
      await activateStagedTree(site.host, site.path, await site.stage({ 'compose.yaml': `services: ${number}\n` }));
      await finish(number);
    }
    const left = execFileSync('ls', [join(site.path, '.deploy/files')], { encoding: 'utf8' });
    expect(left.trim().split('\n')).toEqual(['0.tar', '3.tar']);
  });
});
