import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listActions, root } from '../workspace.ts';

/** What a reader finds in each of them, in this order; sections of an action's own may stand between. */
const sections: readonly RegExp[] = [
  /^Use$/,
  /^Permissions$/,
  /^Inputs$/,
  /^Outputs$/,
  /^What it does( on the server)?$/,
  /^When it fails$/,
  /^Security$/,
  /^Not there yet$/,
];

test.each(listActions())(
  'the README of %s has its name and the sections of all of them, each with something in it',
  (action) => {
    const text = readFileSync(join(root, action, 'README.md'), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, 'code');
    expect(text.startsWith(`# ${action}\n`)).toBe(true);
    const parts = text.split(/^## /m).slice(1);
    const titles = parts.map((part) => part.split('\n')[0] ?? '');
    const found = titles.filter((title) => sections.some((section) => section.test(title)));
    expect(found).toHaveLength(sections.length);
    for (const [index, section] of sections.entries()) expect(found[index]).toMatch(section);
    expect(parts.filter((part) => part.split('\n').slice(1).join('').trim() === '')).toEqual([]);
  },
);
