import { describe, expect, it } from 'vitest';
import { digestReference, parseStoredImages } from '../../src/compose/local-images.ts';
import { parseImageRef } from '../../src/image/image-ref.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const line = (digests: readonly string[] | null, health: unknown): string =>
  ['"sha256:1"', JSON.stringify(digests), 'linux/amd64', JSON.stringify(health)].join('\t');

describe('the images of a server', () => {
  it('are matched with what was asked for, line by line; a missing one is absent', () => {
    const images = parseStoredImages(['gone:1', 'db:16'], `-\n${line([`db@${digest}`], null)}\n`);
    expect([...images.keys()]).toEqual(['db:16']);
    expect(images.get('db:16')).toEqual({
      id: 'sha256:1',
      repoDigests: [`db@${digest}`],
      platform: 'linux/amd64',
      hasHealthcheck: false,
    });
  });

  it.each([
    [{ Test: ['CMD', 'true'] }, true],
    [{ Test: ['NONE'] }, false],
    [{}, false],
    [null, false],
  ])('say whether they bring a health check: %j', (health, expected) => {
    expect(parseStoredImages(['x'], line(null, health)).get('x')?.hasHealthcheck).toBe(expected);
  });

  it('are known by the digest of the repository that a reference names, however it is written', () => {
    const image = {
      id: '',
      platform: '',
      hasHealthcheck: false,
      repoDigests: [`mirror.example/db@${digest}`, `postgres@${digest}`],
    };
    expect(digestReference(parseImageRef('docker.io/library/postgres:16', 'test'), image)).toBe(`postgres@${digest}`);
    expect(digestReference(parseImageRef('built:1', 'test'), image)).toBeUndefined();
  });
});
