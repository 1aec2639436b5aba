import { parseImageRef } from '../../src/image/image-ref.ts';
import { describe, expect, it } from 'vitest';

import { reasonToRefuseTag, tagPolicies } from '../../src/image/tag-policy.ts';

const sha = '94e9cbb0123456789abcdef0123456789abcdef0';
const digest = `sha256:${'ab'.repeat(32)}`;
const judge = (reference: string, policy: (typeof tagPolicies)[number]) =>
  reasonToRefuseTag(parseImageRef(`acme/api${reference}`, 'test'), policy);

describe('reasonToRefuseTag', () => {
  it.each([
    [`:${sha}`, ['pinned', 'sha', 'any']],
    [':sha-94e9cbb', ['pinned', 'sha', 'any']],
    [':1.16.0', ['pinned', 'semver', 'any']],
    [':v1.16.0-rc.1', ['pinned', 'semver', 'any']],
    [':1.27.2-alpine', ['pinned', 'semver', 'any']],
    [':2026.01.05', ['pinned', 'semver', 'any']],
    [`@${digest}`, ['pinned', 'sha', 'semver', 'digest-only', 'any']],
    [`:latest@${digest}`, ['pinned', 'sha', 'semver', 'digest-only', 'any']],
    ['', ['any']],
    [':latest', ['any']],
    [':main', ['any']],
    [':1.16', ['any']],
    [':v1', ['any']],
    [':94e9cbb', ['any']],
    [':sha-94e9cb', ['any']],
    [`:${sha.toUpperCase()}`, ['any']],
    [':sha-94e9cbbz', ['any']],
  ])('lets %s pass under exactly %j', (reference, policies) => {
    expect(tagPolicies.filter((policy) => judge(reference, policy) === undefined)).toEqual(policies);
  });

  it.each([
    ['', 'means `latest`'],
    [':1.16', 'moves to each new 1.16.x'],
    [':94e9cbb', 'short commit SHA'],
    [':staging', 'can be moved'],
  ])('says why %j is refused', (reference, reason) => {
    expect(judge(reference, 'pinned')).toContain(reason);
  });
});
