import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import {
  findLicenseGaps,
  listPackageFolders,
  readLicense,
  readPackage,
  renderBill,
  renderLicenses,
  type BundledPackage,
} from '../release/bundled-packages.ts';
import { listActions, root } from '../workspace.ts';

const one: BundledPackage = { name: '@scope/one', version: '1.0.0', license: 'MIT', notice: 'Text' };

test('the packages of a bundle are found in modules that were joined as well, the inner of two by its own folder, and none that was left out', () => {
  const statistics = {
    modules: [
      {
        nameForCondition: '/r/action/src/index.ts',
        // What is joined into another module is in no file by itself.
        modules: [{ nameForCondition: '/r/node_modules/@scope/one/a.js', orphan: true }],
      },
      { nameForCondition: '/r/node_modules/two/node_modules/three/b.js' },
      { nameForCondition: '/r/node_modules/two/c.js' },
      { nameForCondition: null },
      { nameForCondition: '/r/node_modules/read-and-left-out/d.js', orphan: true },
    ],
  };
  expect(listPackageFolders(statistics)).toEqual([
    '/r/node_modules/@scope/one',
    '/r/node_modules/two',
    '/r/node_modules/two/node_modules/three',
  ]);
});

test('a bundled package that licenses.txt does not list is named', () => {
  expect(findLicenseGaps([one], renderLicenses([{ ...one, name: 'other' }, one]))).toEqual([]);
  expect(findLicenseGaps([one], 'other@1.0.0\nMIT\nas @scope/one@1.0.0\nMIT\n')).toEqual([
    '@scope/one 1.0.0 (MIT) is not in licenses.txt',
  ]);
  expect(findLicenseGaps([one], renderLicenses([{ ...one, license: 'ISC' }]))).toHaveLength(1);
  expect(findLicenseGaps([one], renderLicenses([{ ...one, version: '1.0.1' }]))).toHaveLength(1);
});

test.each([
  ['MIT', 0],
  ['(GPL-3.0 OR MIT)', 0],
  ['MIT AND GPL-3.0', 1],
  ['GPL-3.0', 1],
  ['', 1],
])('the licence %j has %i objections', (license, count) => {
  expect(findLicenseGaps([{ ...one, license }], renderLicenses([{ ...one, license }]))).toHaveLength(count);
});

test.each([
  [{ license: 'MIT' }, 'MIT'],
  [{ license: { type: 'ISC' } }, 'ISC'],
  [{ licenses: [{ type: 'BSD-3-Clause' }] }, 'BSD-3-Clause'],
  [{}, ''],
])('the licence of %j is %j', (manifest, license) => {
  expect(readLicense(manifest)).toBe(license);
});

test('licenses.txt holds the words of each package once, in the same order whatever order they were found in', () => {
  const two: BundledPackage = { ...one, name: 'two', notice: '' };
  const listing = renderLicenses([two, one, one]);
  expect(listing).toBe(renderLicenses([one, two]));
  expect(listing).toBe(
    '@scope/one@1.0.0\nMIT\n\nText\n\ntwo@1.0.0\nMIT\n\nThe package carries no licence text of its own.\n',
  );
});

test('an installed package is read with its licence and its notice', () => {
  const folder = mkdtempSync(join(tmpdir(), 'licences-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{"name":"three","version":"3.0.0","license":"Apache-2.0"}');
    writeFileSync(join(folder, 'NOTICE'), 'By three.\n');
    writeFileSync(join(folder, 'LICENSE.md'), 'Words\r\nof it\n');
    writeFileSync(join(folder, 'license.js'), 'code');
    expect(readPackage(folder)).toEqual({
      ...{ name: 'three', version: '3.0.0', license: 'Apache-2.0' },
      notice: 'Words\nof it\n\nBy three.',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Not from the bundler's statistics, but from the comments that it leaves at the modules it joins. */
test.each(listActions())('licenses.txt of %s lists every package that its bundle names', (action) => {
  const dist = join(root, action, 'dist');
  const programs = globSync('**/*.js', { cwd: dist });
  expect(programs).toContain('index.js');
  const missing = programs.flatMap((program) => {
    const listing = `\n${readFileSync(join(dist, dirname(program), 'licenses.txt'), 'utf8')}`;
    const text = readFileSync(join(dist, program), 'utf8');
    const named = text.matchAll(/^;\/\/ .*\/node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm);
    return [...new Set([...named].map(([, name = '']) => name))].filter((name) => !listing.includes(`\n${name}@`));
  });
  expect(missing).toEqual([]);
});

test('the bill of materials names packages by their address in the registry, and is the same each time', () => {
  const bill = renderBill('action-x', '1.2.3', [one]);
  expect(bill).toBe(renderBill('action-x', '1.2.3', [one]));
  expect(JSON.parse(bill)).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: { component: { name: 'action-x', version: '1.2.3' } },
    components: [{ purl: 'pkg:npm/%40scope/one@1.0.0', licenses: [{ license: { id: 'MIT' } }] }],
  });
});
