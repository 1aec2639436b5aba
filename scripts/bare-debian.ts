import { join } from 'node:path';
import { runProgram } from './process.ts';
import { ReleaseRefusal } from './release/refusal.ts';
import { root } from './workspace.ts';

/**
 * The guide's setup-server.sh on a Debian that has nothing yet, twice (bare-debian.sh).
 * @throws ReleaseRefusal when it fails, or its second run changes something
 */
export async function runOnBareDebian(log: (text: string) => void): Promise<void> {
  const { code, output } = await runProgram('sh', [join(root, 'scripts/bare-debian.sh')], { cwd: root, onOutput: log });
  if (code !== 0) throw new ReleaseRefusal([`scripts/bare-debian.sh ended with exit code ${String(code)}:\n${output}`]);
}
