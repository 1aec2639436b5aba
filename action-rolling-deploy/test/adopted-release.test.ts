import type { StoredImage } from '@deploy-actions/kit/compose/local-images';
import type { Container } from '@deploy-actions/kit/compose/container';
import { describe, expect, it } from 'vitest';
import { adoptedTag, planAdoption, type Adoption, type AdoptionFacts } from '../src/adopted-release.ts';
import { planRollout } from '@deploy-actions/kit/plan/rollout-plan';
import { container, model, service } from './builders.ts';

const digest = `sha256:${'d'.repeat(64)}`;
const stored = (id: string, ...repoDigests: readonly string[]): StoredImage => ({
  id,
  repoDigests,
  platform: 'linux/amd64',
  hasHealthcheck: true,
});
const newWeb = `registry.example/web@sha256:${'e'.repeat(64)}`;
const shop = model(service('web', { image: newWeb }), service('db', { image: 'postgres:15' }));

function adopt(containers: readonly Container[], changes: Partial<AdoptionFacts> = {}): Adoption {
  const wanted = changes.model ?? shop;
  const wantedHashes = { web: 'new', db: 'old' };
  return planAdoption({
    containers,
    images: new Map([
      ['sha256:w', stored('sha256:w', `mirror.example/web@${digest}`, `registry.example/web@${digest}`)],
      ['sha256:p', stored('sha256:p', `postgres@${digest}`)],
      ['sha256:b', stored('sha256:b')],
    ]),
    model: wanted,
    plan: planRollout(wanted, { containers, wantedHashes, keep: new Set(), spent: new Set() }),
    pins: [{ kind: 'service', name: 'web', ref: newWeb }],
    liveImageIds: { web: 'sha256:w', db: 'sha256:p' },
    ...changes,
  });
}

const web = container('1', 'web', { image: 'registry.example/web:1.0', imageId: 'sha256:w' });
const db = container('2', 'db', { image: 'postgres:15', imageId: 'sha256:p' });

describe('what release 0 records of a stack that runs without a ledger', () => {
  it('is the digest of each running image, under the repository that it was started from', () => {
    expect(adopt([web, db]).digests).toEqual({ web: `registry.example/web@${digest}`, db: `postgres@${digest}` });
  });

  it('pins only what the first deploy changes, so that a rollback recreates no database', () => {
    expect(adopt([web, db])).toMatchObject({
      pins: [{ kind: 'service', name: 'web', ref: `registry.example/web@${digest}` }],
      restorePins: [],
      tags: [],
    });
  });

  it('pins by the variable that the deploy pins by', () => {
    const { pins } = adopt([web, db], { pins: [{ kind: 'env', name: 'WEB_IMAGE', ref: newWeb }] });
    expect(pins).toEqual([{ kind: 'env', name: 'WEB_IMAGE', ref: `registry.example/web@${digest}` }]);
  });

  it('pins services of one variable by name where they run different images', () => {
    const pair = model(service('web', { image: newWeb }), service('api', { image: newWeb }));
    const api = container('3', 'api', { image: 'local/api', imageId: 'sha256:b' });
    const { pins } = adopt([web, api], { model: pair, pins: [{ kind: 'env', name: 'APP_IMAGE', ref: newWeb }] });
    expect(pins).toEqual([
      { kind: 'env', name: 'APP_IMAGE', ref: `registry.example/web@${digest}` },
      { kind: 'service', name: 'api', ref: 'deploy-actions/shop/api:adopted' },
    ]);
  });

  it('tags an image that no registry knows', () => {
    const built = container('1', 'web', { image: 'shop-web', imageId: 'sha256:b' });
    expect(adopt([built]).tags).toEqual([{ imageId: 'sha256:b', tag: 'deploy-actions/shop/web:adopted' }]);
  });

  it('restores by pin only what the live files no longer resolve to: a tag that has moved', () => {
    const moved = adopt([web, db], { liveImageIds: { web: 'sha256:other', db: 'sha256:p' } });
    expect(moved.restorePins).toEqual(moved.pins);
    expect(adopt([web], { liveImageIds: {} }).restorePins).toHaveLength(1);
  });

  it('leaves out what has ended and one-offs, and takes the newer of two versions', () => {
    const ended = container('3', 'db', { status: 'exited' });
    const oneOff = container('4', 'db', { isOneOff: true });
    const newer = container('5', 'web', {
      ...web,
      id: '5',
      imageId: 'sha256:b',
      image: 'web:2',
      createdAt: '2026-02-01',
    });
    expect(adopt([newer, web, ended, oneOff]).digests).toEqual({ web: 'deploy-actions/shop/web:adopted' });
  });

  it('names a tag in lower case, and tells services apart that differ in case only', () => {
    expect(adoptedTag('my_shop', { service: 'Web', imageId: 'sha256:0123456789ab' })).toBe(
      'deploy-actions/my-shop/web-01234567:adopted',
    );
    expect(adoptedTag('shop', { service: 'web', imageId: 'sha256:0123456789ab' })).toBe(
      'deploy-actions/shop/web:adopted',
    );
  });
});
