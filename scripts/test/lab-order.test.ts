import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rankOf, slowLabFiles } from '../lab-order.ts';
import { root } from '../workspace.ts';

describe('the order of the lab tests', () => {
  it('names only files that exist', () => {
    const files = globSync('*/test/**/*.itg.test.ts', { cwd: root }).map((path) => basename(path, '.itg.test.ts'));
    expect(slowLabFiles.filter((name) => !files.includes(name))).toEqual([]);
  });

  it('puts a slow file before an unlisted one', () => {
    expect(rankOf('action-x/test/routing.itg.test.ts')).toBeLessThan(rankOf('action-x/test/other.itg.test.ts'));
  });
});
