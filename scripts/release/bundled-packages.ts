import { record } from '../metadata.ts';

/** A package of which at least one file is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX identifier, as its package.json says. */
  readonly license: string;
}

/** Licences that allow what is done here: to pass a copy on, changed or not, with the notice. */
const permissive = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Unlicense'];

/**
 * The folders of foreign packages that the bundler's statistics name, deepest `node_modules` first: `…/node_modules/@a/b`.
 * The bundler's own helpers stand in it as what they are, parts of the bundler.
 */
export function listPackageFolders(statistics: unknown): readonly string[] {
  const files = [...collectFiles(record(statistics)['modules'])];
  const folders = files.flatMap((file) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(folders)].sort();
}

function* collectFiles(modules: unknown): Generator<string> {
  if (!Array.isArray(modules)) return;
  for (const module of modules.map(record)) {
    const file = module['nameForCondition'];
    if (typeof file === 'string') yield file;
    yield* collectFiles(module['modules']);
  }
}

/** Reads what a package.json says of its licence; the older forms too. */
export function readLicense(manifest: unknown): string {
  const { license, licenses } = record(manifest);
  if (typeof license === 'string') return license;
  const first: unknown = Array.isArray(licenses) ? licenses[0] : license;
  const { type } = record(first);
  return typeof type === 'string' ? type : '';
}

/**
 * What is wrong with the licences of a bundle: a package that licenses.txt does not list with its licence, and a licence
 * that has not been agreed to.
 * @param listing the text of licenses.txt: a line with the name, one with the identifier, the licence itself
 */
export function findLicenseGaps(packages: readonly BundledPackage[], listing: string): readonly string[] {
  const text = `\n${listing}`;
  return packages.flatMap(({ name, version, license }) => [
    ...(text.includes(`\n${name}\n${license}\n`) ? [] : [`${name} ${version} (${license}) is not in licenses.txt`]),
    ...(isPermissive(license)
      ? []
      : [`${name} ${version}: the licence "${license}" is not one of ${permissive.join(', ')}`]),
  ]);
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
