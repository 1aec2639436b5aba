import { parseArgs } from 'node:util';
import { bundleAction } from './bundle.ts';
import { Git } from './release/git.ts';
import { runGh } from './release/github.ts';
import { buildFromLockfile } from './release/locked-packages.ts';
import { ReleaseRefusal } from './release/refusal.ts';
import { openRehearsal, runRehearsal } from './release/rehearsal.ts';
import { runArchives, runMirrors, runPublish, runVersion, type ReleaseDoors } from './release/run.ts';
import { listActions, root } from './workspace.ts';

const usage = `npm run release -- --dry-run   everything, for real, on a clone and bare repositories that are thrown away
npm run release -- version     changesets become versions and changelogs in the tree: commit them by a pull request
npm run release -- archives    --assets FOLDER: an archive of each action there, for the GitHub releases
npm run release -- publish     on the branch: tags; --mirrors and --github for the rest
npm run release -- mirrors     --mirrors URL: only those, of what is tagged, each with its own MIRROR_TOKEN_<ACTION>

  --remote NAME|URL    the repository with the tags (origin; for --dry-run none is asked unless it is given)
  --branch NAME        the branch that is released (main)
  --mirrors URL        https://github.com/<owner>: each action goes to URL/action-x.git as well
  --github             GitHub releases on the tags that never move, by gh (GH_TOKEN)
  --assets FOLDER      files that go with the GitHub releases: action-x-v1.2.3.tar.gz, action-x-v1.2.3.cdx.json`;

const { values, positionals } = parseArgs({
  options: {
    'dry-run': { type: 'boolean', default: false },
    remote: { type: 'string' },
    branch: { type: 'string', default: 'main' },
    mirrors: { type: 'string' },
    github: { type: 'boolean', default: false },
    assets: { type: 'string' },
  },
  allowPositionals: true,
});
const [step, ...more] = positionals;
const doors: ReleaseDoors = {
  git: new Git(root),
  remote: values.remote ?? 'origin',
  build: buildFromLockfile(bundleAction),
  log: (line) => console.log(line),
};

try {
  process.exitCode = await choose();
} catch (thrown) {
  if (!(thrown instanceof ReleaseRefusal)) throw thrown;
  for (const problem of thrown.problems) console.error(`REFUSED ${problem}`);
  process.exitCode = 1;
}

async function choose(): Promise<number> {
  if (values['dry-run'] && step === undefined) {
    await rehearse();
  } else if (step === 'version' && more.length === 0) {
    await runVersion(doors);
  } else if (step === 'publish' && more.length === 0) {
    const { branch, mirrors, assets } = values;
    await runPublish(doors, { branch, mirrors, gh: values.github ? runGh : undefined, assets });
  } else if (step === 'mirrors' && more.length === 0 && values.mirrors !== undefined) {
    await runMirrors(doors, { branch: values.branch, mirrors: values.mirrors }, process.env);
  } else if (step === 'archives' && more.length === 0 && values.assets !== undefined) {
    await runArchives(doors, values.assets);
  } else {
    console.error(usage);
    return 2;
  }
  return 0;
}

async function rehearse(): Promise<void> {
  using place = await openRehearsal(doors.git, values.remote, listActions());
  console.log(
    `A rehearsal of ${await place.git.run(['rev-parse', '--short', 'HEAD'])}; what is not committed takes no part.`,
  );
  await runRehearsal(place, doors, values.branch);
  console.log('\nThe repository would hold:');
  for (const line of await place.git.lines(['ls-remote', place.remote])) console.log(`  ${line}`);
}
