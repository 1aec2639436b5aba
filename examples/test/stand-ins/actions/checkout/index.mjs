// Fetches one commit of the repository in LAB_ORIGIN into the workspace, which is emptied first, as the real one does.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const { INPUT_REF, INPUT_PATH = '.', GITHUB_SHA = '', GITHUB_WORKSPACE = '.', LAB_ORIGIN = '' } = process.env;
const folder = join(GITHUB_WORKSPACE, INPUT_PATH);
const git = (...words) => execFileSync('git', ['-C', folder, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
const wanted = INPUT_REF || GITHUB_SHA;

mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
git('init', '--quiet');
git('remote', 'add', 'origin', `file://${LAB_ORIGIN}`);

// A release's image is tagged with a commit that the tests choose: a tag of that name stands for it.
const isFetched = [`refs/heads/${wanted}`, `refs/tags/${wanted}`, wanted].some((ref) => {
  try {
    git('fetch', '--quiet', '--depth=1', 'origin', ref);
    return true;
  } catch {
    return false;
  }
});
if (!isFetched) {
  console.log(`::error::checkout: ${wanted} is no branch, tag or commit of the repository.`);
  process.exit(1);
}
git('checkout', '--quiet', 'FETCH_HEAD');
console.log(`checked out ${wanted}`);
