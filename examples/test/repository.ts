import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleMutants } from '../../scripts/example-mutants.ts';

/** A team's repository: an example, copied and committed. */
export interface Repository {
  readonly folder: string;
  readText(path: string): string;
  /** Replaces text of one file. Throws an Error where `from` does not occur: a test that changes nothing proves nothing. */
  replace(path: string, from: string | RegExp, to: string): void;
  /** Commits what is in the folder; `release`, the tag of an image, becomes a name of that commit. */
  commit(release?: string): string;
  remove(): void;
}

export function openRepository(example: string): Repository {
  const folder = mkdtempSync(join(tmpdir(), `${example}-`));
  cpSync(join(import.meta.dirname, '..', example), folder, { recursive: true });
  mutate(example, folder);
  const git = (...words: readonly string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  return {
    folder,
    readText: (path) => readFileSync(join(folder, path), 'utf8'),
    replace: (path, from, to) => {
      const text = readFileSync(join(folder, path), 'utf8');
      const changed = text.replace(from, () => to);
      if (changed === text) throw new Error(`${path} does not have ${String(from)}`);
      writeFileSync(join(folder, path), changed);
    },
    commit: (release) => {
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', release ?? 'a commit');
      if (release !== undefined) git('update-ref', `refs/tags/${release}`, 'HEAD');
      return git('rev-parse', 'HEAD');
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** EXAMPLE_MUTANT, of scripts/mutate-examples.ts: one thing is taken out of the copy. */
function mutate(example: string, folder: string): void {
  const mutant = exampleMutants.find(({ name }) => name === process.env['EXAMPLE_MUTANT']);
  if (mutant?.example !== example || mutant.action !== undefined) return;
  const file = join(folder, mutant.file);
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(mutant.from, () => mutant.to),
  );
}
