import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** squawk's program: an optional dependency, as npm has it for this platform; undefined where it has none. */
export function findSquawk(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('@squawk-cli/linux-x64/bin/squawk');
  } catch {
    return undefined;
  }
}

/** The rules that squawk names for each text. */
export function runSquawk(program: string, texts: readonly string[]): readonly ReadonlySet<string>[] {
  const folder = mkdtempSync(join(tmpdir(), 'squawk-'));
  try {
    const files = texts.map((text, index) => {
      const path = join(folder, `${index}.sql`);
      writeFileSync(path, text);
      return path;
    });
    const run = spawnSync(program, ['--reporter', 'json', ...files], {
      encoding: 'utf8',
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
    });
    const found = JSON.parse(run.stdout) as readonly { readonly file: string; readonly rule_name: string }[];
    return files.map((path) => new Set(found.filter(({ file }) => file === path).map(({ rule_name }) => rule_name)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
