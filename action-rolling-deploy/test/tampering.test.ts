import { describe, expect, it } from 'vitest';
import { findRemoved, findStranger, findTampering, judgeMembers } from '../src/rollout-context.ts';
import { container } from './builders.ts';

const running = container('a', 'web', { name: 'shop-web-1', startedAt: '2026-01-01T00:00:00Z' });

describe('what somebody else did to containers during a deploy', () => {
  it('is nothing while they run on', () => {
    expect(findTampering([running], [running])).toBeUndefined();
  });

  it('is a removal when one is gone', () => {
    expect(findTampering([running], [])).toBe('shop-web-1 was removed');
  });

  it('is a restart when one started again without its restart policy', () => {
    expect(findTampering([running], [{ ...running, startedAt: '2026-01-01T00:01:00Z' }])).toBe(
      'shop-web-1 was restarted',
    );
  });

  it('is nothing when one crashed and its own policy brought it back', () => {
    const again = { ...running, startedAt: '2026-01-01T00:01:00Z', restartCount: 1 };
    expect(findTampering([running], [again])).toBeUndefined();
  });

  it('does not ask for containers that had ended before', () => {
    expect(findTampering([{ ...running, status: 'exited' }], [])).toBeUndefined();
  });
});

describe('what somebody took away of containers that were to be changed', () => {
  const created = { ...running, status: 'created' };

  it('is told whatever state they were in', () => {
    expect(findRemoved([created], ['a'], [])).toBe('shop-web-1 was removed');
    expect(findRemoved([created], ['a'], [created])).toBeUndefined();
  });

  it('is not asked of others', () => {
    expect(findRemoved([created], ['b'], [])).toBeUndefined();
  });
});

describe('a container that somebody else made', () => {
  const known = new Set(['a']);

  it('is one of the service that neither was there before nor is of this deploy', () => {
    expect(findStranger({ known }, 'web', [running, container('b', 'web')])).toMatchObject({ id: 'b' });
  });

  it('is none of another service, and no one-off', () => {
    const others = [running, container('c', 'db'), container('d', 'web', { isOneOff: true })];
    expect(findStranger({ known }, 'web', others)).toBeUndefined();
  });
});

describe('the guard in front of a change, asked of the engine', () => {
  const known = new Set(['a', 'b']);
  const member = (id: string, state = 'running') => ({ id, name: `shop-web-${id}`, state });

  it('lets a change through where only known containers are there, whatever became of them', () => {
    expect(judgeMembers([member('a'), member('b', 'exited')], { known }, ['a'])).toMatchObject({ code: 0 });
    expect(judgeMembers([], { known }, [])).toMatchObject({ code: 0 });
  });

  it('names a container that somebody else made', () => {
    expect(judgeMembers([member('a'), member('c')], { known }, [])).toMatchObject({ code: 70, stdout: 'shop-web-c' });
  });

  it('names a needed container that does not run or is gone', () => {
    expect(judgeMembers([member('a', 'exited')], { known }, ['a'])).toMatchObject({ code: 71, stdout: 'a' });
    expect(judgeMembers([member('a')], { known }, ['a', 'b'])).toMatchObject({ code: 71, stdout: 'b' });
  });
});
