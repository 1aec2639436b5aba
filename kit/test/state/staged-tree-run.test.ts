import { describe, expect, it } from 'vitest';
import { treeError } from '../../src/state/staged-tree-run.ts';
import { makeSite } from './staged-fixture.ts';

describe('a script for staged files that failed', () => {
  it.each([
    ['tar', 'tar: tree/big: Cannot write: No space left on device'],
    ['dash', 'sh: 101: printf: printf: I/O error'],
    ['a quota', 'cp: error writing x: Disk quota exceeded'],
  ])('says where to look when the disk was full, in the words of %s', async (_whose, stderr) => {
    const site = await makeSite();
    const error = treeError(site.host, site.path, 'id', 'stage the files', { code: 2, stdout: '', stderr });
    site.remove();
    expect(error.code).toBe('COMMAND_FAILED');
    expect(error.hint).toContain('free space');
    expect(error.message).toContain(stderr);
  });

  it('blames no disk for anything else', async () => {
    const site = await makeSite();
    const error = treeError(site.host, site.path, 'id', 'stage the files', {
      code: 2,
      stdout: '',
      stderr: 'tar: not found',
    });
    site.remove();
    expect(error.hint).toBeUndefined();
  });
});
