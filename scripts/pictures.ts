import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { renderPage, themes } from './summary-page.ts';
import { root } from './workspace.ts';

/**
 * `node scripts/pictures.ts`: the job summaries in docs/pictures/*.md, which real runs wrote, as pictures in GitHub's two themes.
 * Needs Chromium (Debian: apt-get install chromium), or CHROMIUM with the path of one.
 */
const chromium = process.env['CHROMIUM'] ?? 'chromium';
const run = promisify(execFile);
const width = 900;
const pictures = join(root, 'docs/pictures');
const scratch = mkdtempSync(join(tmpdir(), 'pictures-'));
try {
  for (const file of globSync('*.md', { cwd: pictures }).sort()) {
    for (const theme of themes) await takePicture(file, theme);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function takePicture(file: string, theme: (typeof themes)[number]): Promise<void> {
  const page = join(scratch, 'page.html');
  writeFileSync(page, renderPage(readFileSync(join(pictures, file), 'utf8'), theme));
  const picture = join(pictures, `${basename(file, '.md')}-${theme.name}.png`);
  // The page writes its height into its title: a screenshot is as large as the window, not as what is in it.
  const { stdout } = await browse(page, 600, ['--dump-dom']);
  const height = Number(/<title>(\d+)<\/title>/.exec(stdout)?.[1] ?? 600);
  await browse(page, height, [`--screenshot=${picture}`]);
  console.log(`docs/pictures/${basename(picture)}`);
}

function browse(page: string, height: number, more: readonly string[]): Promise<{ readonly stdout: string }> {
  const fixed = ['--headless', '--no-sandbox', '--hide-scrollbars', '--disable-gpu', '--force-device-scale-factor=1.5'];
  const place = [`--user-data-dir=${join(scratch, 'profile')}`, `--window-size=${width},${height}`];
  return run(chromium, [...fixed, ...place, ...more, `file://${page}`], { timeout: 120_000 });
}
