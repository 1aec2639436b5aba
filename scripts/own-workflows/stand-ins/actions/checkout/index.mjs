// Clones the repository in OWN_ORIGIN into the workspace, which is emptied first, and stands on its main, as after a push to it.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';

const { OWN_ORIGIN = '', GITHUB_SHA = '' } = process.env;
const depth = process.env['INPUT_FETCH-DEPTH'] ?? '1';
const git = (...words) => execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();

// act has put a copy there.
for (const name of readdirSync('.')) rmSync(name, { recursive: true });
git('clone', '--quiet', ...(depth === '0' ? [] : [`--depth=${depth}`]), '--branch=main', `file://${OWN_ORIGIN}`, '.');
if (git('rev-parse', 'HEAD') !== GITHUB_SHA) throw new Error(`main is not at ${GITHUB_SHA}, the commit of this run`);
