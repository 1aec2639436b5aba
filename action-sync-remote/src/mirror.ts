import type { BatchPart } from '@deploy-actions/kit/host/batch';
import type { DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { refuseName } from './source-name.ts';
import { mountOf, type Mount } from './mounts.ts';

/** $1 deploy path. Everything but our own state; a name with a newline is nobody's to delete by a list of lines. */
const listScript = `
cd "$1" || exit 3
find . -path ./.deploy -prune -o \\( -type f -o -type l \\) ! -path '*
*' -print 2>/dev/null
exit 0`;

/** Lists what stands in deploy-path. Reads only. */
export function listPart(deployPath: DeployPath): BatchPart {
  return { purpose: 'list what stands in deploy-path', source: listScript, args: [deployPath] };
}

/** What `delete: mirror` does with files that the source does not have, whoever put them there. */
export interface MirrorPlan {
  readonly deletable: readonly string[];
  /** Kept, and why; one line for all that is below one mount. */
  readonly kept: readonly string[];
}

/**
 * Decides about every file on the server that the source lacks. Pure.
 * @param listed what {@link listPart}'s command printed
 */
export function planMirror(
  listed: string,
  wanted: ReadonlySet<string>,
  { isProtected, isLeftOut }: { readonly [rule in 'isProtected' | 'isLeftOut']: (path: string) => boolean },
  mounts: readonly Mount[],
): MirrorPlan {
  const deletable: string[] = [];
  const kept: string[] = [];
  const below = new Map<Mount, number>();
  for (const line of listed.split('\n')) {
    const path = line.slice(2);
    if (!line.startsWith('./') || wanted.has(path)) continue;
    const mount = mountOf(path, mounts);
    if (isProtected(path)) kept.push(`${path} (protected)`);
    else if (isLeftOut(path)) kept.push(`${path} (left out of the source)`);
    else if (mount !== undefined) below.set(mount, (below.get(mount) ?? 0) + 1);
    else if (path.split('/').some((name) => refuseName(name) !== undefined)) kept.push(`${path} (its name)`);
    else deletable.push(path);
  }
  const mounted = [...below].map(
    ([{ path, service }, count]) => `${path === '' ? '.' : path} (mounted by ${service}: ${count} file(s))`,
  );
  return { deletable: deletable.sort(), kept: [...mounted, ...kept.sort()] };
}
