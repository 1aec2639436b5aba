import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every test file of the engine and the kit, by the first part of its name. */
function readTests(): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const folder of ['action-rolling-deploy/test', 'kit/test'])
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.test.ts')) continue;
      const name = basename(path).replace(/(\.itg)?\.test\.ts$/, '');
      texts.set(name, (texts.get(name) ?? '') + readFileSync(join(root, folder, path), 'utf8'));
    }
  return texts;
}

describe('docs/rollout-limits.md', () => {
  const tests = readTests();
  const rows = readFileSync(join(root, 'docs/rollout-limits.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (-|What may happen)/.test(line))
    .map((line) => line.split(' | ').map((text) => text.replaceAll(/^\| | *\|$/g, '').trim()));

  it('has a test or a limit in each line', () => {
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter(([, does = '', held = '']) => held === '' && !does.includes('**Limit:**'))).toEqual([]);
  });

  it('names tests that exist', () => {
    const named = rows.flatMap(([, , held = '']) => held.split(/; (?=`[\w-]+`: )/).filter(Boolean));
    const missing = named.filter((entry) => {
      const [, file = '', sentence = ''] = /^`([\w-]+)`: (.+)$/.exec(entry) ?? [];
      return sentence === '' || tests.get(file)?.includes(`'${sentence}`) !== true;
    });
    expect(missing).toEqual([]);
  });
});
