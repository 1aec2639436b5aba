import { describe, expect, it } from 'vitest';
import { CommandFileError, parsePairs, parsePathFile, selectExportable } from '../../src/runner/command-file.ts';
import { inputVariables } from '../../src/runner/environment.ts';
import { evaluateExpression, interpolate, isConditionMet, type Scope } from '../../src/runner/expression.ts';
import { createLogReader } from '../../src/runner/log-reader.ts';
import { createMasker } from '../../src/runner/masker.ts';
import { parseSteps } from '../../src/runner/step-source.ts';
import { parseWorkflowCommand } from '../../src/runner/workflow-command.ts';

describe('command files', () => {
  it('reads lines and heredocs, the later value of a name winning', () => {
    const text = 'a=1\nb<<EOF\nline one\n\nx=y\nEOF\n\na=2=3\nc=\n';
    expect(Object.fromEntries(parsePairs(text))).toEqual({ a: '2=3', b: 'line one\n\nx=y', c: '' });
  });
  it('takes a << inside a value for text', () => {
    expect(parsePairs('a=1<<2').get('a')).toBe('1<<2');
  });
  it.each(['no separator', '=value', '<<EOF\nx\nEOF', 'a<<EOF\nnever closed'])('refuses %j', (text) => {
    expect(() => parsePairs(text)).toThrow(CommandFileError);
  });
  it('puts the path that was added last first', () => {
    expect(parsePathFile('/a\n/b\n')).toEqual(['/b', '/a']);
  });
  it('refuses NODE_OPTIONS and nothing else', () => {
    const { accepted, refused } = selectExportable(
      new Map([
        ['NODE_OPTIONS', 'x'],
        ['A', '1'],
      ]),
    );
    expect([...accepted.keys(), refused]).toEqual(['A', ['NODE_OPTIONS']]);
  });
});

describe('inputs', () => {
  it('are upper case with hyphens kept and spaces replaced', () => {
    expect(inputVariables({ 'deploy-path': '/srv', 'my input': 'x' })).toEqual({
      'INPUT_DEPLOY-PATH': '/srv',
      INPUT_MY_INPUT: 'x',
    });
  });
});

describe('workflow commands', () => {
  it('are read with properties and escapes', () => {
    expect(parseWorkflowCommand('::error title=a%2Cb,file=x::one%0Atwo%25')).toEqual({
      name: 'error',
      properties: { title: 'a,b', file: 'x' },
      message: 'one\ntwo%',
    });
  });
  it('are not seen in the middle of a line', () => {
    expect(parseWorkflowCommand('x ::error::no')).toBeUndefined();
  });
  it('are read in the older way too, wherever they stand, where the runner knows their name', () => {
    expect(parseWorkflowCommand('12:00 x ##[set-output name=a;b=c]d%0Ae')).toEqual({
      name: 'set-output',
      properties: { name: 'a', b: 'c' },
      message: 'd\ne',
    });
    expect(parseWorkflowCommand('see ##[this]')).toBeUndefined();
  });
});

describe('the log', () => {
  it('masks every line of a secret from its registration on and hides the registration itself', () => {
    const reader = createLogReader(createMasker());
    for (const line of ['before hush', '::add-mask::hush%0A  other', 'a hush b other c', '::error::hush'])
      reader.accept(line);
    const { log, rawLog, commands } = reader.finish();
    expect(log).toBe('before hush\na *** b *** c\n##[error]***');
    expect(rawLog).toBe('before hush\na hush b other c\n::error::hush');
    expect(commands).toMatchObject({ errors: ['***'], masks: ['hush\n  other'] });
  });
  it('obeys no command between stop-commands and its token', () => {
    const reader = createLogReader(createMasker());
    for (const line of ['::stop-commands::tok', '::error::text', '::tok::', '::warning::real']) reader.accept(line);
    expect(reader.finish().commands).toMatchObject({ errors: [], warnings: ['real'] });
  });
});

const scope: Scope = {
  status: { success: false, failure: true, cancelled: false },
  contexts: {
    inputs: { mode: 'Deploy', flag: true, 'deploy-path': '/srv/app', empty: '' },
    steps: { gate: { outcome: 'failure', conclusion: 'failure', outputs: { 'error-code': 'X', n: '3' } } },
    vars: {},
  },
};

describe('expressions', () => {
  it.each([
    ["inputs.mode == 'deploy'", true],
    ['inputs.flag', true],
    ["inputs.flag == 'true'", false],
    ["!inputs.empty && steps.gate.outcome == 'failure'", true],
    ["inputs.empty || inputs['deploy-path']", '/srv/app'],
    ["steps.gate.outputs.n > 2 && 'yes' || 'no'", 'yes'],
    ['vars.UNSET', null],
    ["vars.UNSET == ''", true],
    ["contains('a,b', 'B')", true],
    ["format('{0}-{{}}', inputs.mode)", 'Deploy-{}'],
    ["fromJSON('[1,2]')[1]", 2],
    ["(true || false) && 'it''s'", "it's"],
  ])('%s', (source, value) => {
    expect(evaluateExpression(source, scope)).toEqual(value);
  });
  it.each(['steps.nope.outputs.x', 'inputs.nope', 'matrix.x', 'hashFiles(1)', 'a.*', 'inputs.mode ==', 'a b'])(
    'fails closed on %s',
    (source) => {
      expect(() => evaluateExpression(source, scope)).toThrow();
    },
  );
  it('are replaced inside a text', () => {
    expect(interpolate("x ${{ inputs.mode }} ${{ '}}' }}!", scope)).toBe('x Deploy }}!');
  });
});

describe('conditions', () => {
  it.each([
    [undefined, false],
    ["inputs.mode == 'deploy'", false],
    ['always()', true],
    ["failure() && steps.gate.outcome == 'failure'", true],
    ["${{ !cancelled() && inputs.mode == 'deploy' }}", true],
    ['success() || cancelled()', false],
  ])('after a failed step, %s is %s', (condition, expected) => {
    expect(isConditionMet(condition, scope)).toBe(expected);
  });
});

describe('steps of a file', () => {
  it('are refused with a key that the harness does not know', () => {
    expect(() => parseSteps([{ uses: 'x', background: true }], 'here')).toThrow('here[0]: the key background');
  });
});
