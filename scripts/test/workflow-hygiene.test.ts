import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { record } from '../metadata.ts';
import { readIdentity } from '../release/identity.ts';
import { findLoosePins } from '../release/pins.ts';
import { root } from '../workspace.ts';

const workflows = globSync(['.github/workflows/*.yml', 'examples/*/.github/workflows/*.yml'], { cwd: root }).sort();
const { slug } = readIdentity();

test('there are workflows to look at', () => {
  expect(workflows.length).toBeGreaterThan(1);
});

test.each(workflows)('%s starts without permissions and pins foreign actions by commit', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  expect(record(parse(text))['permissions']).toEqual({});
  expect(findLoosePins(text, slug)).toEqual([]);
});

test.each(workflows)('%s lets no expression become shell text', (file) => {
  const { jobs } = record(parse(readFileSync(join(root, file), 'utf8')));
  const scripts = Object.values(record(jobs)).flatMap((job) => {
    const { steps } = record(job);
    return Array.isArray(steps) ? steps.map((step) => record(step)['run']) : [];
  });
  expect(scripts.filter((script) => typeof script === 'string' && script.includes('${{'))).toEqual([]);
});

/** Each with the reason that stands beside it in the file. All others read. */
const mayWrite: Readonly<Record<string, readonly string[]>> = {
  '.github/workflows/codeql.yml analyze': ['security-events'],
  '.github/workflows/release.yml publish': ['contents', 'id-token', 'attestations'],
  '.github/workflows/version.yml pull-request': ['contents', 'pull-requests'],
};
/** Of the examples: to push an image, to sign it, and to say on GitHub what runs where. */
const examplesMayWrite = ['packages', 'id-token', 'attestations', 'deployments'];

test.each(workflows)(
  '%s gives each job the rights that it names, and lets none write but those listed here',
  (file) => {
    const { jobs } = record(parse(readFileSync(join(root, file), 'utf8')));
    const granted = Object.entries(record(jobs)).flatMap(([job, about]) => {
      const { permissions = {} } = record(about);
      // A word for all of them, such as write-all, names nothing.
      if (typeof permissions === 'string') return [`${job}: ${permissions}`];
      const allowed = file.startsWith('examples/') ? examplesMayWrite : (mayWrite[`${file} ${job}`] ?? []);
      return Object.entries(record(permissions))
        .filter(([right, level]) => level !== 'read' && !allowed.includes(right))
        .map(([right, level]) => `${job}: ${right} ${String(level)}`);
    });
    expect(granted).toEqual([]);
  },
);

test.each(workflows)('%s hands no secret to the code of a pull request', (file) => {
  const { on, jobs } = record(parse(readFileSync(join(root, file), 'utf8')));
  const events = typeof on === 'string' ? [on] : Array.isArray(on) ? on.map(String) : Object.keys(record(on));
  // These run with the secrets of the base, on an event that a stranger causes.
  expect(events.filter((event) => ['pull_request_target', 'workflow_run', 'issue_comment'].includes(event))).toEqual(
    [],
  );
  // A workflow for both keeps its secrets to jobs that a merged pull request or another event starts.
  const open = Object.entries(record(jobs)).filter(
    ([, job]) => JSON.stringify(job).includes('secrets.') && !('needs' in record(job)) && !('if' in record(job)),
  );
  expect(events.includes('pull_request') ? open.map(([name]) => name) : []).toEqual([]);
});

test('what is installed runs no scripts and is what the lockfile says, by its hash', () => {
  expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
  const { packages } = record(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const loose = Object.entries(record(packages)).filter(([path, entry]) => {
    const { link, integrity } = record(entry);
    return path.includes('node_modules/') && link !== true && !String(integrity).startsWith('sha512-');
  });
  expect(loose.map(([path]) => path)).toEqual([]);
});

test.each(workflows)('%s installs by the lockfile and runs no scripts of packages', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  expect([...text.matchAll(/\bnpm (?:install|i|exec)\b.*|\bnpx .*/g)].map(([line]) => line)).toEqual([]);
  // Here the .npmrc of the root says it, which an example does not have.
  const loud = [...text.matchAll(/\bnpm ci\b.*/g)]
    .map(([line]) => line)
    .filter((line) => file.startsWith('examples/') && !line.includes('--ignore-scripts'));
  expect(loud).toEqual([]);
});
