import type { PackageSource } from './packages.ts';
import { buildTree, INSTALL_TIME_ONLY } from './tree.ts';

/** Programs that run beside the server: the registry, and the static busybox of the images. */
export function buildToolsTree(source: PackageSource, cache: string): Promise<string> {
  return buildTree(source, cache, {
    name: 'tools',
    version: 1,
    packages: ['docker-registry', 'busybox-static', 'whois'],
    without: INSTALL_TIME_ONLY,
  });
}
