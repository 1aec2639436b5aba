import { describe, expect, test } from 'vitest';
import { findLintDocuments } from '../lint/lint-document.ts';
import { readIdentity } from '../release/identity.ts';
import { findLoosePins, findManifoldPins, findPins, judgePin, type Pin } from '../release/pins.ts';

const { slug } = readIdentity();
const documents = findLintDocuments();
const commit = 'a'.repeat(40);
const pin: Pin = { repository: 'acme/tool', commit, version: 'v1.2.3' };

test('everything that people copy pins foreign actions by commit, with the version beside it', () => {
  const loose = documents.flatMap(({ file, text }) => findLoosePins(text, slug).map((line) => `${file}: ${line}`));
  expect(loose).toEqual([]);
});

test('each foreign action is at one commit in the whole repository', () => {
  const pins = documents.flatMap(({ text }) => findPins(text, slug));
  expect(findManifoldPins(pins)).toEqual([]);
  expect(new Set(pins.map(({ repository }) => repository)).size).toBeGreaterThan(4);
});

describe('a pin', () => {
  test.each([
    `- uses: acme/tool@${commit} # v1.2.3`,
    `  uses: acme/tool/part/of-it@${commit} # v1.2.3`,
    `  uses: ${slug}/action-x@v1`,
    `  uses: ${slug}@v1`,
    '  uses: ./action-x',
  ])('is good: %s', (line) => {
    expect(findLoosePins(line, slug)).toEqual([]);
  });

  test.each([
    '- uses: acme/tool@v1',
    `- uses: acme/tool@${commit}`,
    `- uses: acme/tool@${commit} # v1`,
    `- uses: acme/tool@${commit.slice(1)} # v1.2.3`,
    `- uses: ${slug.split('/')[0] ?? ''}/tool@main`,
  ])('is loose: %s', (line) => {
    expect(findLoosePins(line, slug)).toHaveLength(1);
  });

  test('is read with the repository alone where a path follows', () => {
    expect(findPins(`uses: acme/tool/part@${commit} # v1.2.3\nuses: acme/tool@${commit} # v1.2.3`, slug)).toEqual([
      pin,
    ]);
    expect(findManifoldPins([pin, { ...pin, version: 'v1.2.4' }])).toEqual([
      `acme/tool: ${commit} v1.2.3, ${commit} v1.2.4`,
    ]);
  });

  test.each([
    ['a plain tag', `${commit}\trefs/tags/v1.2.3`],
    ['an annotated one, by the commit under it', `${'b'.repeat(40)}\trefs/tags/v1.2.3\n${commit}\trefs/tags/v1.2.3^{}`],
  ])('is that of its version by %s', (_kind, listing) => {
    expect(judgePin(pin, listing)).toBeUndefined();
  });

  test('a tag that stands on another commit is named', () => {
    const other = 'b'.repeat(40);
    expect(judgePin(pin, `${other}\trefs/tags/v1.2.3`)).toBe(`acme/tool@${commit} # v1.2.3: v1.2.3 is ${other}.`);
    expect(judgePin(pin, `${commit}\trefs/tags/v1.2.3\n${other}\trefs/tags/v1.2.3^{}`)).toContain(other);
    expect(judgePin(pin, '')).toContain('has no such tag');
  });
});
