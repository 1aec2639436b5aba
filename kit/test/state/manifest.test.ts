import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ancestorsOf,
  foldersOf,
  formatManifest,
  formatReleaseId,
  isAlwaysProtected,
  parseManifest,
  parseManifestHeader,
  type Manifest,
} from '../../src/state/manifest.ts';

const hash = 'a'.repeat(64);
const manifest: Manifest = {
  format: 1,
  releaseId: '20261121T030405000Z-0123456789ab-00ff',
  createdAt: '2026-11-21T03:04:05.678Z',
  commit: '0123456789abcdef0123456789abcdef01234567',
  runUrl: 'https://github.com/o/r/actions/runs/1/attempts/1',
  files: [
    { path: 'compose.yaml', mode: '0644', sha256: hash, size: 3 },
    { path: 'naïve "dir"/-x', mode: '0755', sha256: hash, size: 0 },
    { path: 'link', link: 'compose.yaml' },
  ],
  deleted: ['old/file'],
};

describe('a manifest', () => {
  it('is read as it was written, whole or its first line alone', () => {
    const text = formatManifest(manifest);
    expect(parseManifest(text, 'x')).toEqual(manifest);
    const { files: _files, deleted: _deleted, ...header } = manifest;
    expect(parseManifestHeader(text.split('\n')[0] ?? '', 'x')).toEqual(header);
    expect(JSON.parse(formatManifest({ ...manifest, files: [], deleted: [] }))).toMatchObject({
      files: [],
      deleted: [],
    });
  });

  it.each([
    ['an absolute path', { path: '/etc/passwd', link: 'x' }],
    ['a path that climbs', { path: 'a/../../b', link: 'x' }],
    ['an env file', { path: 'conf/.env.prod', mode: '0644', sha256: hash, size: 1 }],
    ['our own state', { path: '.deploy/lease.json', mode: '0644', sha256: hash, size: 1 }],
    ['a newline', { path: 'a\nb', mode: '0644', sha256: hash, size: 1 }],
    ['another mode', { path: 'a', mode: '4755', sha256: hash, size: 1 }],
    ['no hash', { path: 'a', mode: '0644', sha256: 'abc', size: 1 }],
  ])('with %s is refused', (_what, entry) => {
    const text = JSON.stringify({ ...manifest, files: [entry] });
    expect(() => parseManifest(text, 'the place')).toThrow(/the place .*not a manifest/);
  });

  it.each(['', '{}', 'null', '{"format":2}', '<html>'])('is not %j', (text) => {
    expect(() => parseManifest(text, 'x')).toThrow(expect.objectContaining({ code: 'MANIFEST_UNREADABLE' }));
  });
});

it('release ids sort by time and name the commit', () => {
  const at = (iso: string, commit: string): string => formatReleaseId(new Date(iso), commit, 'beef');
  expect(at('2026-11-21T03:04:05.678Z', manifest.commit)).toBe('20261121T030405678Z-0123456789ab-beef');
  expect(at('2026-11-21T03:04:05Z', '')).toBe('20261121T030405000Z-local-beef');
  expect(at('2026-11-21T03:04:06Z', '') > at('2026-11-21T03:04:05Z', manifest.commit)).toBe(true);
});

it('env files, .git and our state are protected at any depth, and nothing that only looks like them', () => {
  for (const path of [
    '.env',
    '.env.prod',
    'a/.env',
    '.envs/prod/.django',
    '.git',
    '.git/config',
    'sub/.git',
    '.deploy/x',
  ])
    expect(isAlwaysProtected(path), path).toBe(true);
  for (const path of ['env', 'a.env', 'services/api.env', '.github/x', '.gitignore', 'a/.deploy/x', '.deployignore'])
    expect(isAlwaysProtected(path), path).toBe(false);
});

it('the folders above many paths are those above each of them, once', () => {
  const part = fc.constantFrom('a', 'b', 'ab');
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.array(path), (paths) => {
      expect([...foldersOf(paths)].sort()).toEqual([...new Set(paths.flatMap(ancestorsOf))].sort());
    }),
  );
});

it('the folders above a path are all its prefixes, outermost first', () => {
  expect(ancestorsOf('a')).toEqual([]);
  expect(ancestorsOf('a/b/c')).toEqual(['a', 'a/b']);
  const part = fc.stringMatching(/^[a-z]{1,3}$/);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      const path = parts.join('/');
      const above = ancestorsOf(path);
      expect(above).toHaveLength(parts.length - 1);
      for (const folder of above) expect(path.startsWith(`${folder}/`)).toBe(true);
    }),
  );
});
