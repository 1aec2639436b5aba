import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bundleAction, compareBundles, type BundledFile } from '../bundle.ts';
import { root } from '../workspace.ts';

const place = mkdtempSync(join(tmpdir(), 'release-bundles-'));

afterAll(() => rmSync(place, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(place, path)), { recursive: true });
  writeFileSync(join(place, path), text);
}

/** The real bundler, on two actions of which one imports the file of the kit that changes. */
test('a change to the kit changes the bundles that hold it, and no other byte', { timeout: 300_000 }, async () => {
  const options = {
    target: 'ES2023',
    module: 'ESNext',
    moduleResolution: 'Bundler',
    skipLibCheck: true,
    types: [],
    rootDir: '..',
  };
  write(
    'kit/package.json',
    '{ "name": "@deploy-actions/kit", "version": "0.1.0", "exports": { "./*": "./src/*.ts" } }',
  );
  write('kit/src/core.ts', "export const core = 'core 1';\n");
  write('kit/src/ssh.ts', "export const ssh = 'ssh 1';\n");
  mkdirSync(join(place, 'node_modules/@deploy-actions'), { recursive: true });
  symlinkSync('../../kit', join(place, 'node_modules/@deploy-actions/kit'));
  symlinkSync(join(root, 'node_modules/typescript'), join(place, 'node_modules/typescript'));
  symlinkSync(join(root, 'node_modules/@vercel'), join(place, 'node_modules/@vercel'));
  for (const [action, part] of [
    ['action-one', 'ssh'],
    ['action-two', 'core'],
  ] as const) {
    write(`${action}/package.json`, '{}');
    write(`${action}/tsconfig.json`, JSON.stringify({ compilerOptions: options }));
    write(`${action}/src/index.ts`, `import { ${part} } from '@deploy-actions/kit/${part}';\nconsole.log(${part});\n`);
  }
  const build = (): Promise<readonly (readonly BundledFile[])[]> =>
    Promise.all(
      ['action-one', 'action-two'].map((action) => bundleAction(join(place, action), join(place, action, 'dist'))),
    );
  const [oneBefore = [], twoBefore = []] = await build();
  write('kit/src/ssh.ts', "export const ssh = 'ssh 2';\n");
  const [oneAfter = [], twoAfter = []] = await build();
  expect(compareBundles(oneBefore, oneAfter)).toEqual(['index.js (differs)']);
  expect(twoBefore).not.toEqual([]);
  expect(compareBundles(twoBefore, twoAfter)).toEqual([]);
});
