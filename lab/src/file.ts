import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file whole or not at all: beside it first, then renamed. */
export function writeWhole(path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${String(process.pid)}.new`;
  writeFileSync(beside, content, { mode });
  renameSync(beside, path);
}

/** The parsed JSON of a file of ours, or undefined where it does not exist. `parse` decides what shape is accepted. */
export function readJson<T>(path: string, parse: (value: unknown) => T): T | undefined {
  if (!existsSync(path)) return undefined;
  return parse(JSON.parse(readFileSync(path, 'utf8')));
}

/**
 * Builds a folder once: `fill` works in a folder beside it, which gets the real name when it is done, so that a folder
 * of that name is always complete, even after a kill in between.
 */
export async function fillOnce(folder: string, fill: (beside: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  const beside = `${folder}.part`;
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside, { recursive: true });
  await fill(beside);
  renameSync(beside, folder);
}
