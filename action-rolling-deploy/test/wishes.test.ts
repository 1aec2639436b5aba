import { inputReader } from '@deploy-actions/kit/action/inputs';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import { readWishes, type Wishes } from '../src/wishes.ts';

const defaults = {
  'allow-mutable-tags': 'false',
  recreate: 'changed',
  healthcheck: 'warn',
  orphans: 'keep',
  parallelism: '1',
};
const read = (given: Readonly<Record<string, string>>): Wishes =>
  readWishes(inputReader(fakeRunner({ ...defaults, ...given })));

describe('the wishes of a step', () => {
  it('are one new container at a time, for what changed, by default', () => {
    expect(read({})).toEqual({
      allowsMutableTags: false,
      recreate: 'changed',
      healthcheck: 'warn',
      orphans: 'keep',
      parallelism: 1,
      maxSurge: 1,
    });
  });

  it('give as much surge as parallelism needs, unless it is given', () => {
    expect(read({ parallelism: '3' })).toMatchObject({ parallelism: 3, maxSurge: 3 });
    expect(read({ parallelism: '3', 'max-surge': '1' })).toMatchObject({ parallelism: 3, maxSurge: 1 });
  });

  it('recreate everything, or services by name in any layout', () => {
    expect(read({ recreate: 'all' }).recreate).toBe('all');
    expect(read({ recreate: 'web, worker\n# the rest stays\ndb' }).recreate).toEqual(new Set(['web', 'worker', 'db']));
  });

  it.each([
    [{ recreate: 'all web' }, '`recreate`: "all web"'],
    [{ recreate: '--all' }, '`recreate`: "--all"'],
    [{ 'max-surge': '0' }, '`max-surge`: "0"'],
    [{ parallelism: 'many' }, '`parallelism`: "many"'],
    [{ healthcheck: 'yes' }, '`healthcheck`: "yes"'],
    [{ orphans: 'delete' }, '`orphans`: "delete"'],
    [{ 'allow-mutable-tags': 'maybe' }, '`allow-mutable-tags`: "maybe"'],
  ])('that make no sense are refused by name: %j', (given, message) => {
    expect(() => read(given)).toThrow(message);
  });
});
