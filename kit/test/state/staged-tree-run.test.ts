import { describe, expect, it } from 'vitest';
import { treeError } from '../../src/state/staged-tree-run.ts';
import { makeSite } from './staged-fixture.ts';

describe('a script for staged files that failed', () => {
  it.each([
    ['NO_SPACE', 'tar', 'tar: tree/big: Cannot write: No space left on device'],
    ['COMMAND_FAILED', 'dash', 'sh: 101: printf: printf: I/O error'],
    ['NO_SPACE', 'a quota', 'cp: error writing x: Disk quota exceeded'],
  ])('is %s when the disk was full, in the words of %s, and says where to look', async (code, _whose, words) => {
    const stderr = `${words}\ntar: Exiting with failure status due to previous errors`;
    const site = await makeSite();
    const error = treeError(site.host, site.path, 'id', 'stage the files', { code: 2, stdout: '', stderr });
    site.remove();
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(/free space|Make room/);
    expect(`${error.message}\n${error.evidence.join('\n')}`).toContain(words);
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
