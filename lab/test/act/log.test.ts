import { describe, expect, it } from 'vitest';
import { isNewEnough } from '../../src/act/go-toolchain.ts';
import { readActLog } from '../../src/act/log.ts';

/** As act 0.2.89 prints them, without the fields that nobody reads. */
function line(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ level: 'info', dryrun: false, jobID: 'deploy', ...fields });
}

describe('readActLog', () => {
  it('tells steps, their outputs, log and summary, and how the job ended', () => {
    const { jobs, stray } = readActLog([
      line({ stepid: ['--setup-job'], stepResult: 'success', msg: 'Success - Set up job' }),
      line({ stepID: ['verify'], msg: 'found it\n', raw_output: true }),
      line({ stepID: ['verify'], command: 'set-output', name: 'images', arg: 'a=b\nc=d', msg: '::set-output::' }),
      line({ stepID: ['verify'], command: 'summary', content: '# proved\n', msg: 'Summary' }),
      line({ stepID: ['verify'], stepResult: 'success', msg: 'Success' }),
      line({ jobResult: 'success', msg: 'Job succeeded' }),
    ]);
    expect(jobs['deploy']?.outcome).toBe('success');
    expect(jobs['deploy']?.steps['verify']).toMatchObject({
      outcome: 'success',
      outputs: { images: 'a=b\nc=d' },
      summary: '# proved\n',
    });
    expect(jobs['deploy']?.steps['verify']?.log).toContain('found it');
    expect(stray).toEqual([]);
  });

  it('keeps a step red whose post succeeds', () => {
    const { jobs } = readActLog([
      line({ stepID: ['sync'], stage: 'Main', stepResult: 'failure', msg: '' }),
      line({ stepID: ['sync'], stage: 'Post', stepResult: 'success', msg: '' }),
    ]);
    expect(jobs['deploy']?.steps['sync']?.outcome).toBe('failure');
  });

  it("takes a composite's outcome and outputs from itself, not from the steps inside", () => {
    const { jobs } = readActLog([
      line({ stepID: ['chain', 'verify'], stepResult: 'failure', msg: '' }),
      line({ stepID: ['chain', 'verify'], command: 'set-output', name: 'images', arg: 'inner', msg: '' }),
      line({ stepID: ['chain'], command: 'set-output', name: 'images', arg: 'outer', msg: '' }),
      line({ stepID: ['chain'], stepResult: 'success', msg: '' }),
    ]);
    expect(jobs['deploy']?.steps['chain']).toMatchObject({ outcome: 'success', outputs: { images: 'outer' } });
  });

  it('keeps what is not of a job: a file that act cannot load', () => {
    const { jobs, stray } = readActLog([
      "Error: workflow is not valid. 'a.yml': Line: 4",
      '{"level":"info","msg":"hello"}',
      '',
    ]);
    expect(jobs).toEqual({});
    expect(stray).toEqual(["Error: workflow is not valid. 'a.yml': Line: 4"]);
  });
});

describe('isNewEnough', () => {
  it.each([
    ['1.19.8', false],
    ['1.24.4', false],
    ['1.25.0', true],
    ['1.26.10', true],
    ['2.0', true],
    [undefined, false],
  ])('Go %s: %s', (version, expected) => {
    expect(isNewEnough(version)).toBe(expected);
  });
});
