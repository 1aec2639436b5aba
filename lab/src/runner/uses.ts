import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HarnessError } from './error.ts';

/** What a `uses:` stands for on this machine. */
export type ResolvedUses = { readonly kind: 'folder'; readonly folder: string } | { readonly kind: 'checkout' };

/**
 * Maps `uses:` to this repository's folders: `action-x`, `your-org/deploy-actions/action-x@v1`, `your-org/deploy-actions@v1` (the root
 * composite), `.`; `./path` lies in the workspace; `actions/checkout@…` means the workspace that is already there.
 * Throws HarnessError on anything else: nothing is fetched.
 */
export function resolveUses(uses: string, root: string, workspace: string): ResolvedUses {
  if (/^actions\/checkout@/.test(uses)) return { kind: 'checkout' };
  if (uses === '.') return { kind: 'folder', folder: root };
  const match = /^your-org\/deploy-actions(?:\/([\w.-]+))?@[\w.-]+$/.exec(uses);
  const folder =
    match !== null
      ? join(root, match[1] ?? '.')
      : uses.startsWith('./')
        ? resolve(workspace, uses)
        : /^[\w-]+$/.test(uses)
          ? join(root, uses)
          : undefined;
  if (folder === undefined) throw new HarnessError(`uses: ${uses} is outside of what this harness can run`);
  if (!existsSync(join(folder, 'action.yml'))) throw new HarnessError(`uses: ${uses}: ${folder} has no action.yml`);
  return { kind: 'folder', folder };
}
