import { describe, expect, it } from 'vitest';
import { channelPool } from '../../src/host/channel-pool.ts';

const never = new AbortController().signal;

/** Lets everything run that is already due. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the channel pool', () => {
  it('lets no more in than its limit, in the order of asking', async () => {
    const pool = channelPool(2);
    const started: number[] = [];
    for (const id of [1, 2, 3, 4]) void pool.acquire(never).then(() => started.push(id));
    await settle();
    expect(started).toEqual([1, 2]);
    pool.release();
    await settle();
    expect(started).toEqual([1, 2, 3]);
  });

  it('shrinks below what the server refused, and says when it cannot', async () => {
    const pool = channelPool(3);
    await Promise.all([pool.acquire(never), pool.acquire(never), pool.acquire(never)]);
    expect(pool.shrink()).toBe(true);
    expect(pool.limit()).toBe(2);
    pool.release();
    pool.release();
    expect(pool.shrink()).toBe(false);
    expect(pool.limit()).toBe(2);
  });

  it('puts a refused command before those that wait', async () => {
    const pool = channelPool(1);
    const started: string[] = [];
    await pool.acquire(never);
    void pool.acquire(never).then(() => started.push('waiting'));
    void pool.acquire(never, true).then(() => started.push('refused before'));
    pool.release();
    await settle();
    expect(started).toEqual(['refused before']);
  });

  it('gives a place to spare only where another one is left after it', async () => {
    const pool = channelPool(3);
    expect([pool.tryAcquire(), pool.tryAcquire(), pool.tryAcquire()]).toEqual([true, true, false]);
    const other = channelPool(2);
    await other.acquire(never);
    expect(other.tryAcquire()).toBe(false);
  });

  it('forgets one that no longer waits', async () => {
    const pool = channelPool(1);
    await pool.acquire(never);
    const abort = new AbortController();
    const waiting = pool.acquire(abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow('no longer waiting');
    const next = pool.acquire(never);
    pool.release();
    await expect(next).resolves.toBeUndefined();
  });
});
