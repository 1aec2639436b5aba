import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import { openDebianSuite } from '../debian.ts';
import { LabError } from '../error.ts';
import type { Log } from '../log.ts';
import { findProgram } from '../machine.ts';
import { downloadPackages, fetchByLists, resolveClosure, selectAvailable, unpackPackages } from '../packages.ts';
import type { PackageSource } from '../packages.ts';

/** What act's go.mod asks for. */
const OLDEST: readonly [number, number] = [1, 25];
const INSTALL = `Install Go ${OLDEST.join('.')} or newer.`;
/** Where Go's own archive is unpacked by custom; not always in PATH. */
const CUSTOMARY = '/usr/local/go/bin/go';
/** Debian keeps two or three Go versions at a time; any of these will do. */
const PACKAGES: readonly string[] = ['golang-1.27-go', 'golang-1.26-go', 'golang-1.25-go'];

/**
 * A `go` of 1.25 or newer: the machine's own, else Debian sid's package, signature-checked by apt and unpacked into
 * `tree` (Debian 12 has 1.19). `LAB_GO=debian` takes the package in any case. Throws LabError where there is neither.
 */
export async function findGo(cache: string, tree: string, log: Log): Promise<string> {
  const own = process.env['LAB_GO'] === 'debian' ? [] : [findProgram('go'), CUSTOMARY];
  for (const go of own) {
    if (go !== undefined && existsSync(go) && isNewEnough(await readVersion(go))) return go;
  }
  const go = await unpackGo(cache, tree, log);
  const version = await readVersion(go);
  if (!isNewEnough(version)) {
    throw new LabError(`Debian's ${go} says ${version ?? 'nothing'} when it is asked for its version.`, {
      hint: INSTALL,
    });
  }
  log(`go ${version ?? ''} of Debian sid`);
  return go;
}

async function unpackGo(cache: string, tree: string, log: Log): Promise<string> {
  const sid = await openDebianSuite(cache, 'sid', log);
  return fetchByLists('fetching Go', sid, () => unpackFrom(sid, tree));
}

async function unpackFrom(sid: PackageSource, tree: string): Promise<string> {
  const [name] = await selectAvailable(sid, PACKAGES);
  if (name === undefined) {
    throw new LabError(`Debian sid has none of ${PACKAGES.join(', ')}.`, { hint: INSTALL });
  }
  const release = name.replace(/-go$/, '');
  const closure = await resolveClosure(sid, [name]);
  const wanted = closure.filter((item) => item.name === name || item.name === `${release}-src`);
  await unpackPackages(await downloadPackages(sid, wanted), tree);
  return join(tree, 'usr/lib', release.replace('golang', 'go'), 'bin/go');
}

async function readVersion(go: string): Promise<string | undefined> {
  const { stdout } = await runCommand([go, 'version'], { allowFailure: true });
  return /go version go(\d+\.\d+\S*)/.exec(stdout)?.[1];
}

/** Exported for its test. */
export function isNewEnough(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '0').split('.').map((part) => Number.parseInt(part, 10));
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
