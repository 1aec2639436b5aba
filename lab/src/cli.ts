/** `npm run lab -- up [--full] [--proxies] [--databases] [--engine modern] | down [--purge] | status | logs [component] | act` */
import { existsSync, readFileSync } from 'node:fs';
import { ensureAct, ensureActionlint } from './act/index.ts';
import { LabError } from './error.ts';
import { logFilesOf } from './handle.ts';
import { downLab, upLab } from './lab.ts';
import { createLog } from './log.ts';
import { locateLab } from './paths.ts';
import { describeStatus } from './status.ts';

const USAGE = `usage: npm run lab -- up [--full] [--proxies] [--databases] [--engine modern] | down [--purge] | status | logs [component] | act
  up      start the server, the registries and the images (--full: Django and PostgreSQL too; --proxies: nginx and Caddy too;
          --databases: MariaDB and SQLite too; --engine modern: a second server with Debian sid's Engine and Compose)
  down    end and remove everything but the cache (--purge: the cache too)
  status  what runs, where
  logs    last lines of every log, or the whole log of one component
  act     build the workflow runner of the examples' tests and the linter of workflows, where they are not there yet`;

const LAST_LINES = 15;

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  const log = createLog();
  switch (command) {
    case 'up': {
      const engine = rest.includes('--engine') ? rest[rest.indexOf('--engine') + 1] : undefined;
      if (rest.includes('--engine') && engine !== 'modern') {
        console.error(USAGE);
        return 2;
      }
      const has = (flag: string): boolean => rest.includes(flag);
      const sets = { full: has('--full'), proxies: has('--proxies'), databases: has('--databases') };
      const lab = await upLab({ ...sets, log });
      if (engine === 'modern') await lab.startServer({ name: 'modern', engine, log });
      console.log(await describeStatus(locateLab()));
      return 0;
    }
    case 'down':
      await downLab({ purge: rest.includes('--purge'), log });
      log('lab is down');
      return 0;
    case 'status':
      console.log(await describeStatus(locateLab()));
      return 0;
    case 'act':
      console.log(await ensureAct({ log }));
      console.log(await ensureActionlint({ log }));
      return 0;
    case 'logs':
      return printLogs(rest[0]);
    default:
      console.error(USAGE);
      return 2;
  }
}

function printLogs(component: string | undefined): number {
  const files = logFilesOf(locateLab());
  if (component !== undefined && files[component] === undefined) {
    console.error(`no component ${component}; there are: ${Object.keys(files).join(', ')}`);
    return 2;
  }
  for (const [name, file] of Object.entries(files)) {
    if ((component !== undefined && component !== name) || !existsSync(file)) continue;
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    console.log(`== ${name} (${file})`);
    console.log((component === undefined ? lines.slice(-LAST_LINES) : lines).join('\n'));
  }
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(`lab: ${error.message}${error.hint === undefined ? '' : `\n  ${error.hint}`}`);
  process.exitCode = 1;
}
