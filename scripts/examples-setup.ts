import { ensureAct } from '../lab/src/act/index.ts';
import { upLab } from '../lab/src/index.ts';
import { publishActions } from '../examples/test/action-map.ts';
import { publishedFolder } from '../examples/test/team.ts';

/** Vitest calls this once before the first example: the lab, the runner, and the actions as a tag would give them. */
export default async function setUp(): Promise<void> {
  const lab = await upLab({ full: true });
  await ensureAct();
  // The mutants' own set-up has published them: several runs at a time read that folder.
  if (process.env['EXAMPLE_MUTANT'] === undefined) publishActions(publishedFolder(lab));
}
