import { parseIdentity } from './release/identity.ts';
import { applyRename, planRename } from './release/rename.ts';
import { root } from './workspace.ts';

/** `npm run rename -- my-org/my-repository`: says everywhere where this repository lives. */
const [given = '', ...more] = process.argv.slice(2);
const identity = parseIdentity(given);
if (identity === undefined || more.length > 0) {
  console.error(
    `"${[given, ...more].join(' ')}" is not owner/name. For example: npm run rename -- my-org/deploy-actions`,
  );
  process.exit(2);
}
const files = await planRename(root, identity);
applyRename(root, files);
for (const { path } of files) console.log(path);
console.log(`${files.length} files now say ${identity.slug}. Look with git diff, run npm run check, commit.`);
