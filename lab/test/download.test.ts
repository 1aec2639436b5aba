import { describe, expect, it } from 'vitest';
import { tryDownload } from '../src/download.ts';

/** Fails as often as told, then gives its word. */
function failing(times: number): () => Promise<string> {
  let left = times;
  return () => (left-- > 0 ? Promise.reject(new Error(`reset ${String(times - left)}`)) : Promise.resolve('here'));
}

describe('a download', () => {
  it('is tried three times, and each failure is said', async () => {
    const said: string[] = [];
    const log = (line: string): void => void said.push(line);
    expect(await tryDownload('fetching it', log, failing(2), [1, 2])).toBe('here');
    expect(said).toEqual([
      'fetching it failed (try 1 of 3), again in 0.001 s: reset 1',
      'fetching it failed (try 2 of 3), again in 0.002 s: reset 2',
    ]);
  });

  it('fails with what the last try failed with', async () => {
    await expect(tryDownload('fetching it', () => undefined, failing(3), [0, 0])).rejects.toThrow('reset 3');
  });
});
