import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../process.ts';
import { ReleaseRefusal } from './refusal.ts';
import { isImmutableTag } from './tag-plan.ts';

/** Runs GitHub's own program `gh`; a test gives another one. */
export type RunGh = (args: readonly string[]) => Promise<{ readonly code: number; readonly output: string }>;

/** The real one, signed in by `GH_TOKEN`. */
export const runGh: RunGh = (args) => runProgram('gh', args, { cwd: tmpdir() });

/**
 * Makes the GitHub release of a tag that never moves; one that is there stays as it is. Where a repository has immutable
 * releases switched on, the tag of a release is burned for ever: a moving tag must never get one.
 * @returns whether it was made now
 */
export async function createGithubRelease(
  gh: RunGh,
  {
    slug,
    tag,
    notes,
    isLatest,
    assets = [],
  }: {
    readonly slug: string;
    readonly tag: string;
    readonly notes: string;
    readonly isLatest: boolean;
    /** Files that go with it: an immutable release takes none later. */
    readonly assets?: readonly string[];
  },
): Promise<boolean> {
  if (!isImmutableTag(tag)) throw new ReleaseRefusal([`${tag} moves: a GitHub release would freeze it.`]);
  if ((await gh(['release', 'view', tag, '--repo', slug])).code === 0) return false;
  const scratch = mkdtempSync(join(tmpdir(), 'release-notes-'));
  try {
    const file = join(scratch, 'notes.md');
    writeFileSync(file, `${notes}\n`);
    const about = ['--title', tag.replace('/', ' '), '--notes-file', file, `--latest=${isLatest}`];
    const { code, output } = await gh(['release', 'create', tag, ...assets, '--repo', slug, '--verify-tag', ...about]);
    if (code !== 0) throw new ReleaseRefusal([`gh release create ${tag}: ${output.trim()}`]);
    return true;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
