import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../workspace.ts';

/** Keys that Docker's JSON leaves out where there is no health check; its typed fields are always there. */
const optional = /\.State\.Health\b|\.Config\.Healthcheck\b/;

test('no template reads an optional key from raw maps: with `.Id`, Engine 20.10 does, and fails where it is absent', () => {
  const files = globSync(['kit/src/**/*.ts', 'action-*/src/**/*.ts'], { cwd: root });
  const templates = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/'[^'\n]*\{\{[^'\n]*'/g)].map(([text]) => `${file}: ${text}`),
  );
  expect(templates.filter((template) => optional.test(template)).length).toBeGreaterThan(1);
  expect(templates.filter((template) => optional.test(template) && /\.Id\b/.test(template))).toEqual([]);
});
