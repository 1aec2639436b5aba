import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { record } from '../metadata.ts';

/** A package of which at least one file is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX identifier, as its package.json says. */
  readonly license: string;
  /** The licence's words and notices, from the files beside it; empty when it has none. */
  readonly notice: string;
}

/** Licences that allow what is done here: to pass a copy on, changed or not, with the notice. */
const permissive = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Unlicense'];

/**
 * The folders of foreign packages that the bundler's statistics name, deepest `node_modules` first: `…/node_modules/@a/b`.
 * The bundler's own helpers stand in it as what they are, parts of the bundler. Modules that it read and left out again,
 * because nobody uses them, stand in it as orphans: nothing of them is passed on.
 */
export function listPackageFolders(statistics: unknown): readonly string[] {
  const files = listModules(statistics)
    .filter(({ orphan }) => orphan !== true)
    .flatMap((module) => [module, ...listModules(module)])
    .map((module) => module['nameForCondition']);
  const folders = files.flatMap((file) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(String(file))?.[1] ?? []);
  return [...new Set(folders)].sort();
}

/** Those of a bundle, or those that were joined into one, which are orphans themselves. */
function listModules(owner: unknown): readonly Readonly<Record<string, unknown>>[] {
  const { modules } = record(owner);
  return Array.isArray(modules) ? modules.map(record) : [];
}

/** Reads what a package.json says of its licence; the older forms too. */
export function readLicense(manifest: unknown): string {
  const { license, licenses } = record(manifest);
  if (typeof license === 'string') return license;
  const first: unknown = Array.isArray(licenses) ? licenses[0] : license;
  const { type } = record(first);
  return typeof type === 'string' ? type : '';
}

/** Reads an installed package. */
export function readPackage(folder: string): BundledPackage {
  const manifest = record(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const notices = readdirSync(folder)
    .filter((name) => /^(un)?(licen[cs]e|copying|notice)([.-](md|txt|mit|apache.*))?$/i.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim());
  const { name, version } = manifest;
  return { name: String(name), version: String(version), license: readLicense(manifest), notice: notices.join('\n\n') };
}

/** licenses.txt: for each package a line `name@version`, one with the licence's identifier, and its words. Pure, in a fixed order. */
export function renderLicenses(packages: readonly BundledPackage[]): string {
  const parts = new Map(packages.map((each) => [headingOf(each), each.notice]));
  const none = 'The package carries no licence text of its own.';
  return [...parts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([heading, notice]) => `${heading}\n${notice === '' ? none : notice}\n`)
    .join('\n');
}

function headingOf({ name, version, license }: BundledPackage): string {
  return `${name}@${version}\n${license}\n`;
}

/**
 * What is wrong with the licences of a bundle: a package that licenses.txt does not list with its licence, and a licence
 * that has not been agreed to.
 * @param listing the text of licenses.txt
 */
export function findLicenseGaps(packages: readonly BundledPackage[], listing: string): readonly string[] {
  const missing = packages.filter((each) => !`\n${listing}`.includes(`\n${headingOf(each)}`));
  return [
    ...missing.map(({ name, version, license }) => `${name} ${version} (${license}) is not in licenses.txt`),
    ...findForeignLicenses(packages),
  ];
}

/** The packages whose licence has not been agreed to. */
export function findForeignLicenses(packages: readonly BundledPackage[]): readonly string[] {
  return packages
    .filter(({ license }) => !isPermissive(license))
    .map(
      ({ name, version, license }) =>
        `${name} ${version}: the licence "${license}" is not one of ${permissive.join(', ')}`,
    );
}

/** `A OR B` needs one of them, `A AND B` both. */
function isPermissive(license: string): boolean {
  const choices = license.replaceAll(/[()]/g, '').split(' OR ');
  return choices.some((choice) => choice.split(' AND ').every((each) => permissive.includes(each)));
}

/**
 * The software bill of materials of one bundle, CycloneDX 1.6. It holds neither time nor serial number: the same bundle
 * gives the same bytes.
 */
export function renderBill(action: string, version: string, packages: readonly BundledPackage[]): string {
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name: action, version } },
    components: packages.map(({ name, version: own, license }) => ({
      type: 'library',
      'bom-ref': packageUrl(name, own),
      name,
      version: own,
      purl: packageUrl(name, own),
      licenses: [/ (OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }],
    })),
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

function packageUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}
