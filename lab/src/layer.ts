import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { runCommand } from './command.ts';
import { LabError } from './error.ts';
import { readJson, writeWhole } from './file.ts';

/** One layer as a registry keeps it. */
export interface Layer {
  /** The tar.gz file. */
  readonly file: string;
  readonly digest: string;
  /** Digest of the tar without compression. */
  readonly diffId: string;
  readonly size: number;
}

/** Documentation and translations that no image needs. */
const EXCLUDED = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/info',
  'usr/share/lintian',
  'usr/share/bash-completion',
];

/** The layer of this key, packed at the first call from what `fill` puts into a folder (owner root, fixed times: same content, same digest). */
export async function ensureLayer(cache: string, key: string, fill: (folder: string) => Promise<void>): Promise<Layer> {
  const base = join(cache, 'layers', key);
  const known = readJson(`${base}.json`, parseLayer);
  if (known !== undefined && existsSync(known.file)) return known;
  const folder = `${base}.part`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await fill(folder);
  const layer = await packLayer(folder, base);
  rmSync(folder, { recursive: true });
  writeWhole(`${base}.json`, JSON.stringify(layer));
  return layer;
}

/** Digest, hex with its algorithm. */
export function digestOf(content: string | Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

async function packLayer(folder: string, base: string): Promise<Layer> {
  const tar = `${base}.tar`;
  const order = ['--sort=name', '--format=gnu', '--mtime=@1735689600', '--numeric-owner'];
  await runCommand([
    'tar',
    '-C',
    folder,
    ...order,
    ...EXCLUDED.map((path) => `--exclude=./${path}/*`),
    '-cf',
    tar,
    '.',
  ]);
  const file = `${base}.tar.gz`;
  const diffId = await digestFile(tar);
  await pipeline(createReadStream(tar), createGzip({ level: 1 }), createWriteStream(`${file}.part`));
  renameSync(`${file}.part`, file);
  rmSync(tar);
  return { file, digest: await digestFile(file), diffId, size: statSync(file).size };
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}

function parseLayer(value: unknown): Layer {
  if (
    typeof value === 'object' &&
    value !== null &&
    'file' in value &&
    'digest' in value &&
    'diffId' in value &&
    'size' in value
  ) {
    const { file, digest, diffId, size } = value;
    if (
      typeof file === 'string' &&
      typeof digest === 'string' &&
      typeof diffId === 'string' &&
      typeof size === 'number'
    )
      return { file, digest, diffId, size };
  }
  throw new LabError('unreadable layer record in the lab cache', { hint: 'npm run lab -- down --purge' });
}
