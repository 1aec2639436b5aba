import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listUses, mapActions } from './action-map.ts';
import { renderTable } from './table-reporter.ts';

describe('listUses', () => {
  it('finds repositories and refs, with and without a path, quoted or not, and leaves local ones out', () => {
    const text = ['- uses: a/b@v1', '  uses: a/b/c/d@main # note', "- uses: 'x/y@0123abc'", '- uses: ./local'].join(
      '\n',
    );
    expect(listUses(text)).toEqual([
      { repository: 'a/b', ref: 'v1' },
      { repository: 'a/b', ref: 'main' },
      { repository: 'x/y', ref: '0123abc' },
    ]);
  });
});

describe('mapActions', () => {
  it('maps ours to what is published and others to their stand-ins', () => {
    const text = '- uses: your-org/deploy-actions/action-notify@v1\n- uses: actions/checkout@abc';
    const mapped = mapActions(text, import.meta.dirname);
    expect([...mapped.keys()]).toEqual(['your-org/deploy-actions@v1', 'actions/checkout@abc']);
  });
  it('names an action that has no stand-in', () => {
    expect(() => mapActions('- uses: some/thing@v2', import.meta.dirname)).toThrow(
      'nothing stands in for some/thing@v2',
    );
  });
});

describe('the examples', () => {
  const examples = join(import.meta.dirname, '..');
  const workflows = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^[^/]+\/\.github\/workflows\/[^/]+\.ya?ml$/.test(path),
  );
  it.each(workflows)("%s pins other people's actions by commit", (path) => {
    const foreign = listUses(readFileSync(join(examples, path), 'utf8')).filter(
      ({ repository }) => repository !== 'your-org/deploy-actions',
    );
    expect(foreign.filter(({ ref }) => !/^[0-9a-f]{40}$/.test(ref))).toEqual([]);
  });
});

describe('what examples/README.md says is run by the tests', () => {
  const examples = join(import.meta.dirname, '..');
  const table = readFileSync(join(examples, 'README.md'), 'utf8');
  const run = [...table.matchAll(/^\| \[([\w-]+)\]\(.*\| yes +\|$/gm)].map(([, name = '']) => name);
  const tests = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'));

  it('is most of the examples', () => {
    expect(run.length).toBeGreaterThan(2);
  });

  it.each(run)('is each workflow of %s', (example) => {
    const own = tests.filter((text) => text.includes(`'${example}'`));
    const open = readdirSync(join(examples, example, '.github/workflows')).filter((file) => {
      const names = [`'${file}'`, `'${file.replace(/\.ya?ml$/, '')}'`];
      return !own.some((text) => names.some((name) => text.includes(name)));
    });
    expect(open).toEqual([]);
  });
});

describe('renderTable', () => {
  it('shows what was expected beside what was seen', () => {
    const row = { example: 'shop', path: 'bad tag', expected: 'failure', seen: 'success' };
    expect(renderTable([{ row, isGreen: false }]).split('\n')[1]).toMatch(
      /^✗ {2}shop {5}bad tag {2}failure {3}success$/,
    );
  });
});
