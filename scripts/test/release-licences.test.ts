import { expect, test } from 'vitest';
import {
  findLicenseGaps,
  listPackageFolders,
  readLicense,
  renderBill,
  type BundledPackage,
} from '../release/bundled-packages.ts';

const one: BundledPackage = { name: '@scope/one', version: '1.0.0', license: 'MIT' };

test('the packages of a bundle are found in modules that were joined as well, the inner of two by its own folder', () => {
  const statistics = {
    modules: [
      {
        nameForCondition: '/r/action/src/index.ts',
        modules: [{ nameForCondition: '/r/node_modules/@scope/one/a.js' }],
      },
      { nameForCondition: '/r/node_modules/two/node_modules/three/b.js' },
      { nameForCondition: '/r/node_modules/two/c.js' },
      { nameForCondition: null },
    ],
  };
  expect(listPackageFolders(statistics)).toEqual([
    '/r/node_modules/@scope/one',
    '/r/node_modules/two',
    '/r/node_modules/two/node_modules/three',
  ]);
});

test('a bundled package that licenses.txt does not list is named', () => {
  expect(findLicenseGaps([one], '@scope/one\nMIT\nText\n')).toEqual([]);
  expect(findLicenseGaps([one], 'other\nMIT\nas @scope/one\nMIT\n')).toEqual([
    '@scope/one 1.0.0 (MIT) is not in licenses.txt',
  ]);
  expect(findLicenseGaps([one], '@scope/one\nISC\nText\n')).toHaveLength(1);
});

test.each([
  ['MIT', 0],
  ['(GPL-3.0 OR MIT)', 0],
  ['MIT AND GPL-3.0', 1],
  ['GPL-3.0', 1],
  ['', 1],
])('the licence %j has %i objections', (license, count) => {
  expect(findLicenseGaps([{ ...one, license }], `@scope/one\n${license}\n`)).toHaveLength(count);
});

test.each([
  [{ license: 'MIT' }, 'MIT'],
  [{ license: { type: 'ISC' } }, 'ISC'],
  [{ licenses: [{ type: 'BSD-3-Clause' }] }, 'BSD-3-Clause'],
  [{}, ''],
])('the licence of %j is %j', (manifest, license) => {
  expect(readLicense(manifest)).toBe(license);
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
