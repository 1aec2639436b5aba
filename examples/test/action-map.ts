import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const standIns = join(import.meta.dirname, 'stand-ins');
const OURS = 'your-org/deploy-actions';
/** What others call as a job. */
const CALLED = '.github/workflows/deploy-compose.yml';

/** What a tag of this repository gives those who use it, and nothing else of this clone: metadata and bundles. */
export function publishActions(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'action.yml'), join(folder, 'action.yml'));
  cpSync(join(root, CALLED), join(folder, CALLED));
  for (const name of readdirSync(root).filter((entry) => entry.startsWith('action-'))) {
    for (const part of ['action.yml', 'dist']) {
      if (existsSync(join(root, name, part)))
        cpSync(join(root, name, part), join(folder, name, part), { recursive: true });
    }
  }
}

/**
 * For each `uses:` of another repository, where it is on this machine: ours in `published`, others among the stand-ins.
 * Throws an Error naming one that has no stand-in. The root composite uses the others, so all of ours are one mapping.
 */
export function mapActions(workflow: string, published: string): ReadonlyMap<string, string> {
  const mapped = new Map<string, string>();
  const called = workflow.includes(`${OURS}/${CALLED}@`) ? readFileSync(join(published, CALLED), 'utf8') : '';
  for (const { repository, ref } of listUses(`${workflow}\n${called}`)) {
    const folder = repository === OURS ? published : join(standIns, repository);
    if (!existsSync(folder)) throw new Error(`nothing stands in for ${repository}@${ref}: add ${folder}`);
    mapped.set(`${repository}@${ref}`, folder);
  }
  return mapped;
}

/** The references of `uses:` lines, local ones left out. */
export function listUses(workflow: string): readonly { readonly repository: string; readonly ref: string }[] {
  const pattern = /^[\s-]*uses:\s*['"]?([\w.-]+\/[\w.-]+)(?:\/[\w./-]+)?@([\w./-]+)/gm;
  return [...workflow.matchAll(pattern)].map(([, repository = '', ref = '']) => ({ repository, ref }));
}
