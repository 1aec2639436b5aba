import { describe, expect, test } from 'vitest';
import { settleFindings, type Exception, type Finding } from '../lint/finding.ts';
import { runLanguageService } from '../lint/language-service.ts';
import { findLintDocuments, findSnippets, type LintDocument } from '../lint/lint-document.ts';

const fence = '```';

describe('what documents show', () => {
  test('is a workflow as it stands', () => {
    const markdown = `# A\n\n${fence}yaml\non: push\njobs: {}\n${fence}\n`;
    expect(findSnippets('A.md', markdown)).toEqual([
      { file: 'A.md', firstLine: 4, kind: 'workflow', text: 'on: push\njobs: {}\n' },
    ]);
  });

  test('gets a workflow around steps, with the steps and inputs that it refers to, and keeps its lines', () => {
    const step = `- run: echo\n  env:\n    A: \${{ steps.before.outputs.a }}\n    B: \${{ inputs.b }}\n`;
    const [snippet] = findSnippets('A.md', `first\n${fence}yaml\n${step}${fence}\n`);
    const lines = snippet?.text.split('\n') ?? [];
    expect(lines).toContain("      - { id: before, run: 'true' }");
    expect(lines).toContain('      b: { type: string }');
    const at = lines.indexOf('      - run: echo');
    expect(at + (snippet?.firstLine ?? 0)).toBe(3);
  });

  test('is left out where it is neither', () => {
    const values = 'env:\n  A: b\n';
    const list = '- name: a check\n  url: https://example.com/\n';
    for (const body of [values, list]) expect(findSnippets('A.md', `${fence}yaml\n${body}${fence}\n`)).toEqual([]);
  });
});

describe('the language service', () => {
  const check = (step: string): Promise<readonly Finding[]> => {
    const [document] = findSnippets('A.md', `${fence}yaml\n- uses: ${step}\n${fence}\n`);
    return runLanguageService(document === undefined ? [] : [document]);
  };

  test.each([
    ['your-org/deploy-actions/action-notify@v1\n  with: { titel: api }', "Invalid action input 'titel'"],
    ['your-org/deploy-actions/action-verify-image@v1', 'Missing required input `images`'],
    ['your-org/deploy-actions/action-none@v1', 'Unable to resolve action'],
  ])('finds %j', async (step, message) => {
    const [finding, ...others] = await check(step);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ file: 'A.md', tool: 'languageservice' });
    expect(finding?.message).toContain(message);
  });

  test('says nothing of a right one', async () => {
    expect(await check('your-org/deploy-actions/action-notify@v1\n  with: { title: api }')).toEqual([]);
  });

  test('finds a wrong input of the reusable workflow', async () => {
    const text = `on: push
jobs:
  a:
    uses: your-org/deploy-actions/.github/workflows/deploy-compose.yml@v1
    with: { environment: staging, imagez: a }
`;
    const caller: LintDocument = { file: 'A.md', firstLine: 1, kind: 'workflow', text };
    const messages = (await runLanguageService([caller])).map(({ message }) => message);
    expect(messages).toEqual([expect.stringContaining('imagez')]);
  });
});

test('the workflows, the actions and the documents are all among what is linted', () => {
  const files = findLintDocuments().map(({ file }) => file);
  for (const file of [
    '.github/workflows/deploy-compose.yml',
    'action.yml',
    'action-notify/action.yml',
    'README.md',
    'examples/promote-by-sha/.github/workflows/deploy-sites.yml',
  ])
    expect(files).toContain(file);
});

test('an exception covers what it names, and is stale where there is nothing of that', () => {
  const finding: Finding = { tool: 'zizmor', file: 'a.yml', line: 1, rule: 'r', message: 'm' };
  const covering: Exception = { tool: 'zizmor', rule: 'r', file: 'a.yml', reason: 'why' };
  const elsewhere: Exception = { ...covering, file: 'b.yml' };
  expect(settleFindings([finding], [covering])).toEqual({ open: [], stale: [] });
  expect(settleFindings([finding], [elsewhere])).toEqual({ open: [finding], stale: [elsewhere] });
});
