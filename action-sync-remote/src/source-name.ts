import { hasControlCharacter } from '@deploy-actions/kit/state/deploy-path';

/** The longest name that Linux file systems take, in bytes. */
const longestName = 255;

/** Why a name cannot be synced; undefined when it can. */
export function refuseName(name: string): string | undefined {
  if (hasControlCharacter(name)) return 'its name holds a control character';
  if (name.includes('\\')) return 'its name holds a backslash';
  // What Node puts in the place of bytes that are no UTF-8.
  if (name.includes('\uFFFD')) return 'its name is not UTF-8';
  if (Buffer.byteLength(name) > longestName) return `its name is longer than ${longestName} bytes`;
  return undefined;
}

/**
 * Why a symbolic link cannot be synced; undefined when it stays inside. `path` is where it stands, relative to
 * deploy-path. `..` counts only at the front of a target: after a name it could climb out through another link.
 */
export function refuseLink(path: string, target: string): string | undefined {
  if (hasControlCharacter(target)) return 'its target holds a control character';
  if (target.startsWith('/')) return `it points to ${target}, an absolute path`;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const climbs = parts.findIndex((part) => part !== '..');
  const up = climbs === -1 ? parts.length : climbs;
  if (parts.slice(up).includes('..')) return `it points to ${target}, with .. after a name`;
  const depth = path.split('/').length - 1;
  return up > depth ? `it points to ${target}, outside the source` : undefined;
}
