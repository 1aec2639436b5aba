import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { record } from '../metadata.ts';
import type { Build } from './publish.ts';
import { refuseIfAny, ReleaseRefusal } from './refusal.ts';

/**
 * The same build, from the packages of the lockfile or not at all: with others installed, a rebuild that gives the committed
 * bundle says nothing of the commit. The build throws ReleaseRefusal naming what is installed otherwise.
 */
export function buildFromLockfile(build: Build): Build {
  return async (folder, dist) => {
    requireLockedPackages(join(folder, '..'));
    return build(folder, dist);
  };
}

function requireLockedPackages(root: string): void {
  // npm writes down here what it installed.
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) throw new ReleaseRefusal(['Nothing is installed here. Run npm ci.']);
  const problems = findForeignPackages(readPackages(join(root, 'package-lock.json')), readPackages(installed));
  refuseIfAny(problems.map((problem) => `${problem} Run npm ci.`));
}

/**
 * Packages that are installed in another version or with another hash than the lockfile says, or that it does not name. Those
 * of other platforms, which are not installed, and the workspaces, which are links, do not count. Pure.
 */
export function findForeignPackages(
  locked: Readonly<Record<string, unknown>>,
  installed: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(installed).flatMap(([path, about]) => {
    const { link, version, integrity } = record(about);
    if (link === true || !path.includes('node_modules/')) return [];
    const wanted = record(locked[path]);
    if (wanted['version'] === version && wanted['integrity'] === integrity) return [];
    const says = typeof wanted['version'] === 'string' ? `says ${wanted['version']}` : 'does not name it';
    const difference = wanted['version'] === version ? 'has another hash' : says;
    return [`${path} is ${String(version)}, and the lockfile ${difference}.`];
  });
}

function readPackages(file: string): Readonly<Record<string, unknown>> {
  return record(record(JSON.parse(readFileSync(file, 'utf8')))['packages']);
}
