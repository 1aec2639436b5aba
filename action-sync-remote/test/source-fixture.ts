import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll } from 'vitest';

/** Path → content; `-> target` is a symbolic link, content that starts with `#!` makes an executable file. */
export type Files = Readonly<Record<string, string>>;

export function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    if (content.startsWith('-> ')) {
      symlinkSync(content.slice(3), place);
      continue;
    }
    writeFileSync(place, content);
    chmodSync(place, content.startsWith('#!') ? 0o755 : 0o644);
  }
}

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A temporary folder with these files; it goes when the test file is through. */
export function makeFolder(files: Files = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'sync-source-'));
  folders.push(folder);
  writeFiles(folder, files);
  return folder;
}

/** Path → content of everything below a folder but `.deploy`; `-> target` for a link. */
export function readTree(folder: string): Files {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const place = join(entry.parentPath, entry.name);
    const path = relative(folder, place);
    if (path.startsWith('.deploy') || entry.isDirectory()) continue;
    found[path] = entry.isSymbolicLink() ? `-> ${readlinkSync(place)}` : readFileSync(place, 'utf8');
  }
  return found;
}
