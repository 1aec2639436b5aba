import { describe, expect, it } from 'vitest';
import { findTampering } from '../src/rollout-context.ts';
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
