import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { listReadmes, renderReadme } from './readme.ts';
import { root } from './workspace.ts';

/**
 * `npm run docs`: writes the input and output tables of each action's README from its action.yml, and the index of error codes.
 * `npm run check:docs` (`--check`): fails where a README says something else.
 */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

async function updateReadme(folder: string): Promise<boolean> {
  try {
    const { file, before, after } = await renderReadme(folder);
    const isCurrent = before === after;
    if (!isCurrent && !values.check) writeFileSync(file, after);
    const isFailing = !isCurrent && values.check;
    console.log(`${isFailing ? 'FAIL' : isCurrent ? 'ok  ' : 'new '} ${relative(root, file)}`);
    if (isFailing) console.log('     It is not what its sources say. Run `npm run docs`.');
    return !isFailing;
  } catch (thrown) {
    console.log(`FAIL ${folder}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return false;
  }
}

const results = await Promise.all(listReadmes().map(updateReadme));
process.exitCode = results.every(Boolean) ? 0 : 1;
