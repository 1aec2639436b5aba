import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { once } from 'node:events';

/** Words that repeat as code and configuration do: gzip -6 makes less than half of it. */
const words =
  'server listen proxy image volume restart upstream location header cache return config value label port'.split(' ');

/** The n-th of a row of texts, always the same: about 4 kB. */
function makeText(seed: string): string {
  const lines: string[] = [];
  for (let at = 0; at < 56; at++) {
    const digest = createHash('sha256')
      .update(`${seed} ${String(at)}`)
      .digest('hex');
    const picked = [0, 2, 4, 6].map(
      (from) => words[Number.parseInt(digest.slice(from, from + 2), 16) % words.length] ?? '',
    );
    lines.push(`  ${picked.join('_')}: ${digest.slice(8, 40)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** `dir-n/sub-n/file-n.conf`: ten files a folder. */
export function pathOfFile(index: number): string {
  const folder = Math.floor(index / 10);
  return `dir-${String(Math.floor(folder / 10))}/sub-${String(folder)}/file-${String(index)}.conf`;
}

/** A tree of small text files. */
export async function makeTree(folder: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const path = join(folder, pathOfFile(index));
    if (index % 10 === 0) await mkdir(dirname(path), { recursive: true });
    await writeFile(path, makeText(String(index)));
  }
}

/** Other content in ten files all over the tree. */
export async function changeTen(folder: string, count: number, round: string): Promise<void> {
  for (let at = 0; at < 10; at++) {
    const index = Math.floor((count / 10) * at);
    await writeFile(join(folder, pathOfFile(index)), makeText(`${round} ${String(index)}`));
  }
}

/** What a checkout does: every file has the time of now. */
export async function freshen(folder: string): Promise<void> {
  const now = new Date();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), now, now);
}

/** One file, half of it text and half of it noise, in blocks of 1 MiB. Never held in memory. */
export async function makeBig(file: string, mebibytes: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const out = createWriteStream(file);
  const text = Buffer.alloc(1024 * 1024, makeText('big'));
  let state = 88_172_645;
  for (let at = 0; at < mebibytes; at++) {
    const block = Buffer.from(text);
    if (at % 2 === 1)
      for (let from = 0; from + 4 <= block.length; from += 4) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        block.writeInt32LE(state | 0, from);
      }
    else block.write(`${String(at)}\n`);
    if (!out.write(block)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}
