import { describe, expect, test } from 'vitest';
import { addPreamble, addSetEntry, foldUnreleased, readNotes, takePreamble } from '../release/changelog.ts';
import { parseChangeset, renderChangeset, settleChangesets, type ActionState } from '../release/changeset.ts';
import { createGithubRelease } from '../release/github.ts';
import { findForeignPackages } from '../release/locked-packages.ts';
import { findNewest, isImmutableTag, planTags } from '../release/tag-plan.ts';
import { bumpVersion, parseVersion, requireVersion, type Version } from '../release/version.ts';

const version = (text: string): Version => requireVersion(text, 'test');

describe('versions', () => {
  test.each([
    ['1.2.3', 'patch', '1.2.4'],
    ['1.2.3', 'minor', '1.3.0'],
    ['0.1.0', 'major', '1.0.0'],
  ] as const)('%s with a %s change becomes %s', (before, bump, after) => {
    expect(bumpVersion(version(before), bump)).toEqual(version(after));
  });

  test.each(['v1.2.3', '1.2', '1.2.3-rc.1', '01.2.3', ''])('%j is none', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});

describe('tags', () => {
  test('of a new line move the action’s major tag and begin its minor one', () => {
    expect(planTags('action-x/', version('1.3.0'), ['action-x/v1.2.9', 'action-y/v1.9.0', 'v1.9.0'])).toEqual({
      immutable: 'action-x/v1.3.0',
      moving: ['action-x/v1', 'action-x/v1.3'],
    });
  });

  test.each([
    ['1.2.4', ['1.2.3', '1.3.0'], ['v1.2']],
    ['1.2.4', ['1.2.3', '2.0.0'], ['v1', 'v1.2']],
    ['1.2.4', ['1.2.5'], []],
    ['1.10.0', ['1.9.0'], ['v1', 'v1.10']],
  ])('of %s beside %j move %j: nobody is sent back', (released, others, moving) => {
    expect(
      planTags(
        '',
        version(released),
        others.map((other) => `v${other}`),
      ).moving,
    ).toEqual(moving);
  });

  test('the newest is found by number, among the tags of its own prefix', () => {
    const tags = ['action-x/v1.9.0', 'action-x/v1.10.0', 'action-x/v1', 'action-xy/v3.0.0', 'v2.0.0'];
    expect(findNewest('action-x/', tags)).toEqual(version('1.10.0'));
    expect(findNewest('action-x/', tags, version('1.9.9'))).toEqual(version('1.9.0'));
    expect(findNewest('', tags)).toEqual(version('2.0.0'));
    expect(findNewest('action-z/', tags)).toBeUndefined();
  });

  test.each([
    ['v1.2.3', true],
    ['action-rolling-deploy/v1.2.3', true],
    ['v1', false],
    ['action-x/v1', false],
    ['action-x/v1.2', false],
  ])('%s never moves: %s', (tag, expected) => {
    expect(isImmutableTag(tag)).toBe(expected);
  });

  test('a moving one gets no GitHub release, whoever asks', async () => {
    const gh = async (): Promise<never> => Promise.reject(new Error('asked GitHub'));
    const attempt = createGithubRelease(gh, { slug: 'a/b', tag: 'action-x/v1', notes: '', isLatest: false });
    await expect(attempt).rejects.toThrow('action-x/v1 moves');
  });
});

describe('changesets', () => {
  const action = (name: string, isChanged: boolean): ActionState => ({
    folder: `action-${name}`,
    packageName: `@deploy-actions/action-${name}`,
    isChanged,
  });
  const text = (releases: string, summary = 'Why.'): string => `---\n${releases}\n---\n\n${summary}\n`;
  const settle = (texts: readonly string[], actions: readonly ActionState[]): ReturnType<typeof settleChangesets> =>
    settleChangesets(
      texts.map((each, index) => parseChangeset(`c${index}`, each)),
      actions,
    );

  test('are read as Changesets writes them, and written so that it reads them', () => {
    const parsed = parseChangeset('c', text(`"@deploy-actions/kit": minor`, 'Why.\n\n---\n\nMore.'));
    expect(parsed).toEqual({
      id: 'c',
      releases: new Map([['@deploy-actions/kit', 'minor']]),
      summary: 'Why.\n\n---\n\nMore.',
    });
    expect(parseChangeset('c', renderChangeset(parsed))).toEqual(parsed);
  });

  test('of the kit go to the changed actions; the larger of two steps counts', () => {
    const { changesets, setBump, problems } = settle(
      [text(`'@deploy-actions/kit': minor\n'@deploy-actions/action-a': major`)],
      [action('a', true), action('b', true), action('c', false)],
    );
    expect(problems).toEqual([]);
    expect(setBump).toBe('major');
    expect(changesets.map(({ releases }) => [...releases])).toEqual([
      [
        ['@deploy-actions/action-a', 'major'],
        ['@deploy-actions/action-b', 'minor'],
      ],
    ]);
  });

  test('of the set alone release the set alone', () => {
    expect(settle([text('deploy-actions: minor', 'The composite.')], [action('a', false)])).toEqual({
      changesets: [],
      setBump: 'minor',
      setNotes: ['The composite.'],
      problems: [],
    });
  });

  test.each([
    ['names no package', text('{}')],
    ['names no package', 'no front matter'],
    ['names @deploy-actions/lab, which is never released', text(`'@deploy-actions/lab': patch`)],
    ['names the kit, but no bundle differs', text(`'@deploy-actions/kit': patch`)],
    ['says nothing', text('deploy-actions: patch', '')],
  ])('are a problem when one %s', (message, changeset) => {
    const { problems } = settle([changeset], [action('a', false)]);
    expect(problems).toHaveLength(message === 'names no package' && !changeset.startsWith('---') ? 2 : 1);
    expect(problems.join('\n')).toContain(message);
  });
});

describe('changelogs', () => {
  test('take notes of the time before the release into it', () => {
    const before =
      '# Changelog\n\n## Unreleased\n\n### Added\n\n- By hand.\n\n## 1.1.0\n\n### Minor Changes\n\n- abc: New.\n\n## 1.0.0\n\n- Old.\n';
    expect(foldUnreleased(before, '1.1.0')).toBe(
      '# Changelog\n\n## 1.1.0\n\n### Minor Changes\n\n- abc: New.\n\n### Added\n\n- By hand.\n\n## 1.0.0\n\n- Old.\n',
    );
  });

  test('keep such notes apart from the list of the changesets', () => {
    expect(foldUnreleased('# C\n\n## Unreleased\n\n- A.\n- B.\n\n## 1.0.0\n\n- abc: New.\n', '1.0.0')).toBe(
      '# C\n\n## 1.0.0\n\n- abc: New.\n\n### Notes\n\n- A.\n- B.\n',
    );
  });

  test('give the notes of one version', () => {
    expect(readNotes('# C\n\n## 1.1.0\n\n- New.\n\n## 1.0.0\n\n- Old.\n', '1.1.0')).toBe('- New.');
    expect(readNotes('# C\n', '1.1.0')).toBe('');
  });

  test('keep what stands between the title and the first version', () => {
    const before = '# C\n\nThe format.\n\n## 1.0.0\n\n- Old.\n';
    const { preamble, rest } = takePreamble(before);
    expect([preamble, rest]).toEqual(['The format.', '# C\n\n## 1.0.0\n\n- Old.\n']);
    expect(addPreamble(rest, preamble)).toBe(before);
    expect(takePreamble('# C')).toEqual({ preamble: '', rest: '# C\n\n' });
  });

  test('of the set put the newest first', () => {
    const first = addSetEntry('# Set\n', { version: '1.0.0', actions: [], notes: ['First.'] });
    const second = addSetEntry(first, {
      version: '1.1.0',
      actions: [{ folder: 'action-a', version: '1.1.0', isNew: true }],
      notes: [],
    });
    expect(second.indexOf('## 1.1.0')).toBeLessThan(second.indexOf('## 1.0.0'));
    expect(second).toContain('| [action-a](action-a/CHANGELOG.md) | 1.1.0 | in this release |');
  });
});

test('what is installed is compared with the lockfile by version and by hash; links and other platforms do not count', () => {
  const locked = {
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/of-another-platform': { version: '1.0.0', integrity: 'sha512-p', optional: true },
  };
  const installed = (version: string, integrity: string): Readonly<Record<string, unknown>> => ({
    'action-x': { version: '0.1.0' },
    'node_modules/@deploy-actions/kit': { link: true },
    'node_modules/a': { version, integrity },
  });
  expect(findForeignPackages(locked, installed('1.0.0', 'sha512-a'))).toEqual([]);
  expect(findForeignPackages(locked, installed('1.0.1', 'sha512-a'))).toEqual([
    'node_modules/a is 1.0.1, and the lockfile says 1.0.0.',
  ]);
  expect(findForeignPackages(locked, installed('1.0.0', 'sha512-b'))).toEqual([
    'node_modules/a is 1.0.0, and the lockfile has another hash.',
  ]);
});
