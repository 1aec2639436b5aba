import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { readMetadata } from './metadata.ts';
import { fillReadme } from './readme-table.ts';
import { listActions, root } from './workspace.ts';

/**
 * `npm run docs`: writes the input and output tables of each action's README from its action.yml.
 * `npm run check:docs` (`--check`): fails where a README says something else.
 */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

let isDrifting = false;
for (const folder of listActions()) {
  const file = join(root, folder, 'README.md');
  if (!existsSync(file)) {
    console.error(`FAIL ${folder}: there is no README.md`);
    isDrifting = true;
    continue;
  }
  try {
    const before = readFileSync(file, 'utf8');
    const filled = fillReadme(before, readMetadata(join(root, folder, 'action.yml')));
    const after = await format(filled, { ...(await resolveConfig(file)), filepath: file });
    if (before === after) {
      console.log(`ok   ${folder}/README.md`);
    } else if (values.check) {
      console.error(`FAIL ${folder}/README.md is not what its action.yml says. Run \`npm run docs\`.`);
      isDrifting = true;
    } else {
      writeFileSync(file, after);
      console.log(`wrote ${folder}/README.md`);
    }
  } catch (thrown) {
    console.error(`FAIL ${folder}/README.md: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    isDrifting = true;
  }
}
process.exitCode = isDrifting ? 1 : 0;
