// node tools/docs/build.mjs FOLDER GIT_SHA: docs/*.md as pages, with version.json that names the commit. A stand-in for your generator.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, gitSha] = process.argv.slice(2);
if (!folder || !gitSha) throw new Error('usage: build.mjs FOLDER GIT_SHA');

const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const inline = (text) => escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');

function renderBlock(block) {
  const [, signs, title] = /^(#{1,3}) (.+)$/.exec(block) ?? [];
  return signs ? `<h${signs.length}>${inline(title)}</h${signs.length}>` : `<p>${inline(block)}</p>`;
}

mkdirSync(folder, { recursive: true });
const sources = readdirSync('docs').filter((name) => name.endsWith('.md'));
for (const name of sources) {
  const blocks = readFileSync(join('docs', name), 'utf8')
    .trim()
    .split(/\n{2,}/);
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><body>${blocks.map(renderBlock).join('')}</body></html>`;
  writeFileSync(join(folder, name.replace(/\.md$/, '.html')), page);
}
writeFileSync(join(folder, 'version.json'), JSON.stringify({ git_sha: gitSha }));
console.log(`${sources.length} pages in ${folder}`);
