import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PROXIES, readRecipe } from '../rollout/recipe.ts';

const docs = fileURLToPath(new URL('../../docs/proxies.md', import.meta.url));

describe('the configuration that is measured', () => {
  it.each(PROXIES)('of %s stands word for word in docs/proxies.md', async (proxy) => {
    const [text = ''] = Object.values((await readRecipe(proxy, 'ours')).files);
    expect(text).not.toBe('');
    expect(await readFile(docs, 'utf8')).toContain(text);
  });
});
