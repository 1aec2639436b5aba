import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findProxyVersion, PROXIES, readRecipe } from '../rollout/recipe.ts';

const docs = fileURLToPath(new URL('../../docs/proxies.md', import.meta.url));

describe('the configuration that is measured', () => {
  it.each(PROXIES)('of %s stands word for word in docs/proxies.md', async (proxy) => {
    const [text = ''] = Object.values((await readRecipe(proxy, 'ours')).files);
    expect(text).not.toBe('');
    expect(await readFile(docs, 'utf8')).toContain(text);
  });
});

describe('the version of a proxy', () => {
  const pull = `Unable to find image '10.0.0.2:5000/nginx@sha256:${'1.2'.repeat(3)}' locally
10.0.0.2:5000/nginx@sha256:aa: Pulling from nginx
3f4ca61aafcd: Pull complete
Digest: sha256:aa
Status: Downloaded newer image for 10.0.0.2:5000/nginx@sha256:aa`;

  it.each([
    'nginx version: nginx/1.22.1',
    'HAProxy version 2.6.12-1 2024/01/01 - https://haproxy.org/',
    'v2.6.2 h1:a',
    '2.6.2',
  ])('is what it says itself, and not what Docker says of its image: %s', (line) => {
    expect(findProxyVersion(`${pull}\n${line}\n`)).toBe(line);
    expect(findProxyVersion(`${line}\n${pull}`)).toBe(line);
  });

  it('is empty where it says none', () => {
    expect(findProxyVersion(pull)).toBe('');
  });
});
