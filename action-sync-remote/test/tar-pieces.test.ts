import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TarPieces } from '../src/tar-pieces.ts';
import { makeFolder } from './source-fixture.ts';

const time = 1_763_700_000;

/** What this machine's tar makes of the members that `fill` adds. */
function unpack(fill: (tar: TarPieces) => void): string {
  const tar = new TarPieces(time);
  fill(tar);
  const folder = join(makeFolder({ keep: '' }), 'out');
  mkdirSync(folder);
  execFileSync('tar', ['-xof', '-', '-C', folder], { input: Buffer.concat(tar.end()) });
  return folder;
}

describe('an archive that is made here', () => {
  it.each([1, 99, 100, 101, 255])('brings a file whose whole name has %i bytes', (length) => {
    const name = 'n'.repeat(length);
    const folder = unpack((tar) => {
      tar.addFile(name, 0o644, `of ${length}`);
    });
    expect(readFileSync(join(folder, name), 'utf8')).toBe(`of ${length}`);
  });

  it('brings names that are longer than a header, in letters of several bytes', () => {
    const name = `${'grüße/'.repeat(30)}ü.txt`;
    const folder = unpack((tar) => {
      tar.addFile(name, 0o755, 'x');
    });
    expect([readFileSync(join(folder, name), 'utf8'), statSync(join(folder, name)).mode & 0o777]).toEqual(['x', 0o755]);
  });

  it('brings folders, empty files and links of any length, with the time of all', () => {
    const target = 'to/'.repeat(60);
    const folder = unpack((tar) => {
      tar.begin({ name: 'a/', kind: 'folder', mode: 0o755, size: 0 });
      tar.begin({ name: 'a/short', kind: 'link', mode: 0o777, size: 0, target: 'x' });
      tar.begin({ name: 'a/long', kind: 'link', mode: 0o777, size: 0, target });
      tar.addFile('a/empty', 0o600, '');
    });
    expect(readdirSync(join(folder, 'a')).sort()).toEqual(['empty', 'long', 'short']);
    expect(['short', 'long'].map((name) => readlinkSync(join(folder, 'a', name)))).toEqual(['x', target]);
    const stat = statSync(join(folder, 'a/empty'));
    expect([stat.size, stat.mode & 0o777, stat.mtimeMs]).toEqual([0, 0o600, time * 1000]);
  });

  it('goes out in pieces of one size, which hold the content byte by byte', () => {
    const content = Buffer.from(Array.from({ length: 300_001 }, (_, at) => at % 251));
    const pieces: number[] = [];
    const folder = unpack((tar) => {
      for (const name of ['one', 'two', 'three']) {
        tar.begin({ name, kind: 'file', mode: 0o644, size: content.length });
        tar.add(content);
        tar.align();
      }
      expect(tar.isFull).toBe(true);
    });
    const tar = new TarPieces(time);
    tar.add(content);
    pieces.push(...tar.take().map(({ length }) => length), ...tar.end().map(({ length }) => length));
    expect(pieces).toEqual([262_144, 300_001 + 1024 - 262_144]);
    for (const name of ['one', 'two', 'three']) expect(readFileSync(join(folder, name)).equals(content)).toBe(true);
  });
});
