import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDebianSuite } from '../../lab/src/debian.ts';
import { downloadPackages, fetchByLists, resolveClosure, unpackPackages } from '../../lab/src/packages.ts';

const folders = ['usr/libexec/docker/cli-plugins', 'usr/lib/docker/cli-plugins'];

/**
 * buildx as a program: Debian trixie's package, signature-checked by apt and unpacked below `cache`, as the lab does with
 * Compose. Undefined where it cannot be had.
 */
export async function fetchBuildx(cache: string, say: (text: string) => void): Promise<string | undefined> {
  const tree = join(cache, 'buildx');
  const find = (): string | undefined =>
    folders.map((folder) => join(tree, folder, 'docker-buildx')).find((path) => existsSync(path));
  const known = find();
  if (known !== undefined) return known;
  try {
    mkdirSync(cache, { recursive: true });
    const trixie = await openDebianSuite(cache, 'trixie', say);
    const debs = await fetchByLists('fetching buildx', trixie, async () => {
      const closure = await resolveClosure(trixie, ['docker-buildx']);
      return downloadPackages(
        trixie,
        closure.filter(({ name }) => name === 'docker-buildx'),
      );
    });
    rmSync(tree, { recursive: true, force: true });
    await unpackPackages(debs, tree);
  } catch (thrown) {
    say(`no buildx: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  return find();
}
