import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('docs/proxies.md', () => {
  it.each(['haproxy.cfg', 'nginx.conf', 'Caddyfile'])('shows %s as it is tested', async (file) => {
    const recipe = await read(`bench/rollout/proxies/${file}`);
    expect(await read('docs/proxies.md')).toContain(`\n${recipe.trimEnd()}\n\`\`\``);
  });
});
