import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { chainPictures, renderChain } from '../chain-diagram.ts';
import { renderPage, themes } from '../summary-page.ts';
import { root } from '../workspace.ts';

const pictures = join(root, 'docs/pictures');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test.each(Object.entries(chainPictures))('%s is the chain as it is drawn, and the README shows it', (name, theme) => {
  expect(readFileSync(join(pictures, name), 'utf8')).toBe(renderChain(theme));
  expect(readme).toContain(`docs/pictures/${name}`);
});

test.each(globSync('*.md', { cwd: pictures }))(
  'the summary %s has its pictures in both themes, in the README',
  (file) => {
    for (const { name } of themes) {
      const picture = `${basename(file, '.md')}-${name}.png`;
      expect(existsSync(join(pictures, picture)), picture).toBe(true);
      expect(readme).toContain(`docs/pictures/${picture}`);
    }
  },
);

test('a summary becomes a page with its table, its code and the colours of the theme', () => {
  const page = renderPage('### Done\n\n| A | B |\n| --- | --- |\n| `x` | **y** |\n', themes[1] ?? fail());
  expect(page).toContain('<h3>Done</h3>');
  expect(page).toMatch(/<td><code>x<\/code><\/td>\s*<td><strong>y<\/strong><\/td>/);
  expect(page).toContain('#0d1117');
});

function fail(): never {
  throw new Error('there are two themes');
}
