import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matrixFiles, rankOf, slowLabFiles } from '../lab-order.ts';
import { root } from '../workspace.ts';

const files = globSync('*/test/**/*.itg.test.ts', { cwd: root });

describe('the order of the lab tests', () => {
  it('names only files that exist', () => {
    const names = files.map((path) => basename(path, '.itg.test.ts'));
    expect(slowLabFiles.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('puts a slow file before an unlisted one', () => {
    expect(rankOf('action-x/test/routing.itg.test.ts')).toBeLessThan(rankOf('action-x/test/other.itg.test.ts'));
  });
});

describe('what npm test leaves out', () => {
  it('is run by npm run test:matrix', () => {
    const matrix = readFileSync(join(root, 'scripts/run-matrix.ts'), 'utf8');
    expect(matrixFiles.filter((path) => !files.includes(path))).toEqual([]);
    const partly = files.filter((path) =>
      /itInMatrix|isWholeMatrix|TEST_MATRIX/.test(readFileSync(join(root, path), 'utf8')),
    );
    expect(partly.length).toBeGreaterThan(0);
    // All of the rollout's are run there; others by name.
    const missing = [...matrixFiles, ...partly].filter(
      (path) => !path.startsWith('action-rolling-deploy/test/') && !matrix.includes(`'${basename(path)}'`),
    );
    expect(missing).toEqual([]);
  });
});
