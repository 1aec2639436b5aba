import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { record } from '../../scripts/metadata.ts';

/** What a run does not show: what the files of the two workflows of the sites give to whom. */
const example = join(import.meta.dirname, '../promote-by-sha');
const read = (path: string): string => readFileSync(join(example, path), 'utf8');
const load = (name: string): Readonly<Record<string, unknown>> =>
  record(parse(read(`.github/workflows/${name}.yml`), { merge: true }));

const sites = load('deploy-sites');
const preview = load('deploy-marketing-preview');

function jobsOf(workflow: Readonly<Record<string, unknown>>): readonly (readonly [string, Record<string, unknown>])[] {
  return Object.entries(record(workflow['jobs'])).map(([name, job]) => [name, record(job)]);
}

function stepsOf(job: Readonly<Record<string, unknown>>): readonly Record<string, unknown>[] {
  return Array.isArray(job['steps']) ? job['steps'].map(record) : [];
}

/** Both workflows' jobs: those that deploy, and the others. */
const all = [...jobsOf(sites), ...jobsOf(preview)];
const deploys = all.filter(([name]) => name.startsWith('deploy'));
const others = all.filter(([name]) => !name.startsWith('deploy'));

describe('the workflows of the sites', () => {
  it('are started by a closed pull request to main or by hand, and the preview by hand only', () => {
    expect(record(sites['on'])['pull_request']).toEqual({ types: ['closed'], branches: ['main'] });
    expect(Object.keys(record(sites['on'])).sort()).toEqual(['pull_request', 'workflow_dispatch']);
    expect(Object.keys(record(preview['on']))).toEqual(['workflow_dispatch']);
  });

  it('decide and build without an environment and without a secret', () => {
    expect(others.map(([name]) => name)).toEqual(['gate', 'build-marketing', 'build-docs', 'build']);
    const near = others.filter(
      ([, job]) => 'environment' in job || /secrets\.|github\.token/.test(JSON.stringify(job)),
    );
    expect(near.map(([name]) => name)).toEqual([]);
  });

  it.each(deploys)('%s has an environment with the address, and a queue of its own', (_name, job) => {
    expect(record(job['environment'])['url']).toBe('${{ steps.deploy.outputs.url }}');
    expect(record(job['concurrency'])['cancel-in-progress']).toBe(false);
  });

  it('have no queue but those', () => {
    expect([sites['concurrency'], preview['concurrency']]).toEqual([undefined, undefined]);
    const groups = deploys.map(([, job]) => record(job['concurrency'])['group']);
    expect(new Set(groups).size).toBe(deploys.length);
  });

  it.each(deploys)(
    '%s runs nothing of the site: the installed wrangler has the token, and nobody else',
    (_name, job) => {
      const steps = stepsOf(job);
      const runs = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
      expect(runs).toEqual(['npm ci --ignore-scripts --prefix tools/pages', 'node tools/pages/deploy.mjs site']);
      const withToken = steps.filter((step) => JSON.stringify(step).includes('secrets.CLOUDFLARE'));
      expect(withToken.map(({ id }) => id)).toEqual(['deploy']);
      expect(JSON.stringify({ ...job, steps: [] })).not.toContain('secrets');
    },
  );

  it('may only read', () => {
    for (const [, job] of all) expect(Object.values(record(job['permissions']))).not.toContain('write');
  });

  it('use one version of wrangler, which is in the lockfile, and its report instead of what it printed', () => {
    const { devDependencies, dependencies } = record(JSON.parse(read('tools/pages/package.json')));
    const version = record(devDependencies ?? dependencies)['wrangler'];
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const { packages } = record(JSON.parse(read('tools/pages/package-lock.json')));
    expect(record(record(packages)['node_modules/wrangler'])['version']).toBe(version);
    expect(read('tools/pages/deploy.mjs')).toContain('WRANGLER_OUTPUT_FILE_PATH: report');
  });
});
