import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { chainPictures, renderChain } from './chain-diagram.ts';
import { listReadmes, renderReadme } from './readme.ts';
import { root } from './workspace.ts';

/**
 * `npm run docs`: writes the input and output tables of each action's README from its action.yml, the index of error
 * codes, and the pictures of the chain.
 * `npm run check:docs` (`--check`): fails where a README says something else.
 */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const pictures = Object.entries(chainPictures);

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

/** The pictures of the chain. */
function updatePicture([name, theme]: (typeof pictures)[number]): boolean {
  const file = join(root, 'docs/pictures', name);
  const isCurrent = existsSync(file) && readFileSync(file, 'utf8') === renderChain(theme);
  if (!isCurrent && !values.check) writeFileSync(file, renderChain(theme));
  console.log(`${isCurrent ? 'ok  ' : values.check ? 'FAIL' : 'new '} docs/pictures/${name}`);
  return isCurrent || !values.check;
}

const results = [...(await Promise.all(listReadmes().map(updateReadme))), ...pictures.map(updatePicture)];
process.exitCode = results.every(Boolean) ? 0 : 1;
