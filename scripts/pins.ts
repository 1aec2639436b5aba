import { findLintDocuments } from './lint/lint-document.ts';
import { Git } from './release/git.ts';
import { readIdentity } from './release/identity.ts';
import { findPins, judgePin } from './release/pins.ts';
import { ReleaseRefusal } from './release/refusal.ts';
import { root } from './workspace.ts';

/**
 * `npm run check:pins`: asks GitHub, through git, whether each commit that a workflow, an action or a document pins is that of
 * the version beside it. Needs the network; git's own settings (`url.….insteadOf`) can lead it to copies.
 */
const text = findLintDocuments()
  .map((document) => document.text)
  .join('\n');
const pins = findPins(text, readIdentity().slug);
const git = new Git(root);
let bad = 0;
for (const pin of pins) {
  const problem = await check(`https://github.com/${pin.repository}`);
  if (problem !== undefined) bad += 1;
  console.log(problem === undefined ? `ok   ${pin.repository} ${pin.version}` : `FAIL ${problem}`);

  async function check(url: string): Promise<string | undefined> {
    const tag = `refs/tags/${pin.version}`;
    try {
      return judgePin(pin, await git.run(['ls-remote', url, tag, `${tag}^{}`]));
    } catch (thrown) {
      if (thrown instanceof ReleaseRefusal) return thrown.message;
      throw thrown;
    }
  }
}
process.exitCode = bad > 0 || pins.length === 0 ? 1 : 0;
