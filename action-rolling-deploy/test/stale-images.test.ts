import type { Release } from '@deploy-actions/kit/state/release';
import { describe, expect, it } from 'vitest';
import { describeRemoval } from '../src/image-retention.ts';
import { chooseStaleImages } from '../src/stale-images.ts';
import { release } from './builders.ts';

const ref = (letter: string): string => `registry.example/web@sha256:${letter.repeat(64)}`;
const ran = (number: number, letter: string, overrides: Partial<Release> = {}): Release =>
  release(number, { pins: [{ kind: 'service', name: 'web', ref: ref(letter) }], ...overrides });
const stale = (retain: number, current: string, ...releases: readonly Release[]): readonly string[] =>
  chooseStaleImages({ ledger: { releases, current: releases.at(-1) }, retain, current: [ref(current)] });

describe('the images that no rollback needs', () => {
  it('are those older than the last good releases, the one committed now counted', () => {
    expect(stale(3, 'e', ran(1, 'a'), ran(2, 'b'), ran(3, 'c'), ran(4, 'd'))).toEqual([ref('a'), ref('b')]);
  });

  it('are those of failed releases and of releases that a gate marked, which are no way back', () => {
    const failed = ran(2, 'b', { result: 'rolled_back' });
    expect(stale(3, 'd', ran(1, 'a'), failed, ran(3, 'c', { gateFailed: true }))).toEqual([ref('b'), ref('c')]);
  });

  it('are never what runs, of release 0, or the same digest under another name', () => {
    const zero = ran(0, '0', { isAdopted: true });
    const mirrored = release(1, { digests: { web: `mirror.example/web@sha256:${'e'.repeat(64)}` } });
    expect(stale(2, 'e', zero, mirrored, ran(2, 'b'), ran(3, 'c'))).toEqual([ref('b')]);
  });

  it('are never references without a digest, and each version where two ran at once', () => {
    const mixed = release(1, { digests: { web: `${ref('a')} + ${ref('b')}`, db: 'postgres:15' } });
    expect(stale(2, 'e', mixed, ran(2, 'c'))).toEqual([ref('a'), ref('b')]);
  });

  it('keep at least one release to go back to', () => {
    expect(stale(1, 'e', ran(1, 'a'), ran(2, 'b'))).toEqual([ref('a')]);
  });
});

describe('what the removal of images tells', () => {
  it('is how many went and how many stay, and which ledger could not be read', () => {
    expect(describeRemoval('removed a\nremoved b\nkept c: a container uses it\n', 5)).toEqual([
      'removed 2 that no rollback to the last 5 releases needs',
      '1 old ones stay: containers or other projects use them',
    ]);
    expect(describeRemoval('unreadable /srv/other\n', 5)).toEqual([
      'old ones stay: the ledger in /srv/other cannot be read, and may name them',
    ]);
    expect(describeRemoval('', 5)).toEqual([]);
  });
});
