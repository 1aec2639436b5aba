import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { record } from '../metadata.ts';
import { root } from '../workspace.ts';

/** What a run by act does not show of the reusable workflow: act reads environments and concurrency and ignores them. */
const workflow = record(parse(readFileSync(join(root, '.github/workflows/deploy-compose.yml'), 'utf8')));
const jobs = Object.entries(record(workflow['jobs'])).map(([name, job]) => [name, record(job)] as const);

describe('deploy-compose.yml', () => {
  it('is only called, and has a job for each mode', () => {
    expect(Object.keys(record(workflow['on']))).toEqual(['workflow_call']);
    expect(jobs.map(([name, job]) => [name, job['if']])).toEqual([
      ['deploy', "inputs.mode != 'rollback'"],
      ['rollback', "inputs.mode == 'rollback'"],
    ]);
  });

  it.each(jobs)('%s has the environment of the caller, with its reviewers and secrets', (_name, job) => {
    expect(job['environment']).toBe('${{ inputs.environment }}');
    expect(record(job['permissions'])).toEqual({ contents: 'read', actions: 'read' });
  });

  it('runs one of them at a time for an environment, and never cancels the one that runs', () => {
    const queues = jobs.map(([, job]) => job['concurrency']);
    expect(queues).toHaveLength(2);
    for (const queue of queues)
      expect(queue).toEqual({
        group: 'deploy-compose-of-${{ inputs.environment }}',
        'cancel-in-progress': false,
      });
  });

  it.each(jobs)('%s takes the lease that the environment names, and tells the team whatever happened', (_name, job) => {
    expect(record(job['env'])['DEPLOY_LEASE_SCOPE']).toBe("${{ vars.DEPLOY_LEASE_SCOPE || 'project' }}");
    const steps = Array.isArray(job['steps']) ? job['steps'].map(record) : [];
    // The composite has a step of its own for that.
    const tells = steps.filter(({ uses }) => /deploy-actions(@|\/action-notify@)/.test(String(uses)));
    expect(tells).toHaveLength(1);
    expect(Object.keys(record(tells[0]?.['with'])).filter((name) => name.endsWith('-webhook'))).toHaveLength(3);
  });
});
