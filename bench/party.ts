import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The first line a program prints about itself; undefined when it is not installed. */
export async function readVersion(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, [...args], { timeout: 20_000 });
    return `${stdout}${stderr}`.trim().split('\n')[0];
  } catch {
    return undefined;
  }
}

/** What we are: the commit, and whether the tree differs from it. */
export async function readOurVersion(root: string): Promise<string> {
  const commit = (await readVersion('git', ['-C', root, 'rev-parse', '--short=12', 'HEAD'])) ?? 'unknown commit';
  const changes = await readVersion('git', ['-C', root, 'status', '--porcelain', '--untracked-files=no']);
  return changes === '' || changes === undefined ? commit : `${commit} with local changes`;
}
