import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadInputs } from '../src/inputs.ts';
import { formatRefs } from '../src/message-ref.ts';
import { renderWebhook } from '../src/webhook.ts';
import { after, announcement, notifyInputs } from './builder.ts';

interface Step {
  readonly with?: Readonly<Record<string, string>>;
}

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocksOf = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');

/** What GitHub puts in place of an expression, by a word in it. */
const values: readonly (readonly [word: RegExp, value: string])[] = [
  [/toJSON/, JSON.stringify('because: "it" is\ntime')],
  [/BOT_TOKEN/, 'xoxb-123456789012-abcdefghijkl'],
  [/WEBHOOK_KEY/, 'a key'],
  [/WEBHOOK/, 'https://hooks.example.com/services/abcdefghijklmnop'],
  [/message-ref/, formatRefs({ at: new Date(0), 'slack-bot': { ts: '1700000000.000100' } })],
  [/failed-checks/, '[{"name":"api","reason":"status 503","allowed":false}]'],
  [/digests/, `api=${after}`],
  [/applied/, 'true'],
  [/timings/, '{"total":4200}'],
];

function substitute(text: string): string {
  return text.replaceAll(/\$\{\{.*?\}\}/g, (expression) => values.find(([word]) => word.test(expression))?.[1] ?? 'x');
}

it('every example of the README is read, and tells somebody', () => {
  const steps = blocksOf('yaml').flatMap((block) => {
    const value = parse(block) as readonly Step[] | { readonly steps: readonly Step[] };
    return 'steps' in value ? value.steps : value;
  });
  expect(steps).toHaveLength(4);
  for (const step of steps) {
    const given = Object.entries(step.with ?? {}).map(([name, value]) => [name, substitute(value)] as const);
    const inputs = loadInputs(fakeRunner(notifyInputs(Object.fromEntries(given))));
    expect(Object.values(inputs.destinations).filter((to) => to !== undefined)).not.toEqual([]);
  }
});

it('the JSON of the README has the keys that are sent, in their order', () => {
  const [shown = ''] = blocksOf('json');
  expect(Object.keys(JSON.parse(shown) as object)).toEqual(Object.keys(renderWebhook(announcement())));
});
