import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LabError } from './error.ts';

/** Every file and folder of one lab. All of them are below `root`, but for `cache` where LAB_CACHE moves it. */
export interface LabPaths {
  readonly root: string;
  /** Eight hex digits, unique to this root: part of every name that is global on the machine. */
  readonly id: string;
  readonly cache: string;
  readonly state: string;
  readonly keys: string;
  readonly logs: string;
  readonly pids: string;
  readonly server: string;
  readonly registry: string;
  /** Mounted at the same path inside the server: for `host: local`, where both sides must see one path. */
  readonly shared: string;
}

export interface LabLocation {
  /** Defaults to LAB_ROOT, else a folder named after the repository's real path. */
  readonly root?: string;
  /** Packages, trees and image blobs. Defaults to LAB_CACHE, else `<root>/cache`. */
  readonly cache?: string;
}

const BASE = '/var/lib/deploy-actions-lab';
/** A unix socket's path ends at 108 bytes; the longest suffix of ours is shorter than 40. */
const ROOT_LIMIT = 64;

/** Where the lab of this repository (or of the given location) lives. Throws LabError on a root that is too long. */
export function locateLab(location: LabLocation = {}): LabPaths {
  const repository = realpathSync(resolve(import.meta.dirname, '../..'));
  const asked = location.root ?? process.env['LAB_ROOT'];
  const root = asked === undefined || asked === '' ? join(BASE, hexOf(repository)) : resolve(asked);
  if (root.length > ROOT_LIMIT) {
    throw new LabError(
      `LAB_ROOT ${root} is ${String(root.length)} characters long; unix sockets allow ${String(ROOT_LIMIT)}.`,
      {
        hint: 'Choose a shorter folder.',
      },
    );
  }
  const cache = location.cache ?? process.env['LAB_CACHE'];
  return {
    root,
    id: hexOf(root),
    cache: cache === undefined || cache === '' ? join(root, 'cache') : resolve(cache),
    state: join(root, 'state.json'),
    keys: join(root, 'keys'),
    logs: join(root, 'logs'),
    pids: join(root, 'pids'),
    server: join(root, 'server'),
    registry: join(root, 'registry'),
    shared: join(root, 'shared'),
  };
}

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
