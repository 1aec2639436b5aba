import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { ensureImages, type Lab } from '../../lab/src/index.ts';
import { waitUntil } from '../../lab/src/poll.ts';
import { layOut, removeTarget, type migrate, type Target } from './server.ts';

const compose = `
services:
  db:
    image: \${DB_IMAGE}
    environment: { POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_PASSWORD: "\${SECRET_KEY}" }
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: { test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1"], interval: 1s, retries: 60 }
  migrate:
    image: \${API_IMAGE:?set by images}
    profiles: [migrate]
    environment: { DATABASE_URL: "postgres://shop:\${SECRET_KEY}@db:5432/shop" }
    depends_on: { db: { condition: service_healthy } }
`;

/** SQL that goes on when the gate is opened: for what shall happen while a file is applied. */
export const untilOpen =
  'do $$ begin while not exists (select from gate) loop perform pg_sleep(0.1); end loop; end $$;';

/** A Django app's project on PostgreSQL: laid out, nothing runs yet. */
export interface Shop {
  readonly lab: Lab;
  readonly target: Target;
  readonly workspace: string;
  /** PostgreSQL, for `client-image`. */
  readonly postgres: string;
  readonly imageOf: (version: 'v2' | 'v3') => string;
  /** Rows of a query, in the project's own database or in another one beside it. */
  readonly query: (sql: string, name?: string) => Promise<readonly string[]>;
  /** Shuts the gate of {@link untilOpen}. */
  readonly shutGate: () => Promise<void>;
  /** Resolves when a file stands before the gate. */
  readonly waitAtGate: () => Promise<void>;
  readonly openGate: () => Promise<void>;
  /** Puts SQL files below `db` in place of those that are there. */
  readonly writeSql: (files: Readonly<Record<string, string>>) => void;
  /** Names of the backups on the server. */
  readonly backups: () => Promise<readonly string[]>;
  readonly remove: () => Promise<void>;
}

/** @param services more of them, as lines of the Compose file */
export async function openShop(services = ''): Promise<Shop> {
  const lab = await ensureImages('full');
  const full = lab.images.full ?? expect.fail('the lab has no Django image');
  const workspace = mkdtempSync(join(tmpdir(), 'migrate-'));
  const imageOf = (version: 'v2' | 'v3'): string =>
    lab.reference('htpasswd', full.django.repository, full.django[version].digest);
  const postgres = lab.reference('anonymous', full.postgres.repository, full.postgres.digest);
  const composeFile = `${compose}${services}volumes: { data: {} }\n`;
  const target = await layOut({ lab, workspace, image: imageOf('v2'), database: postgres, composeFile });
  const query: Shop['query'] = async (sql, name = 'shop') => {
    const argv = ['exec', `${target.project}-db-1`, 'psql', '-h', '/tmp', '-U', 'shop', '-XAtc', sql, name];
    return linesOf((await lab.server.docker(argv)).stdout);
  };
  return {
    lab,
    target,
    workspace,
    postgres,
    imageOf,
    query,
    shutGate: async () => {
      await query('drop table if exists gate; create table gate (opened int)');
    },
    waitAtGate: () => {
      const sql = "select count(*) from pg_stat_activity where query like 'do %pg_sleep%'";
      return waitUntil('a file before the gate', async () => (await query(sql))[0] === '1', 300_000);
    },
    openGate: async () => {
      await query('insert into gate values (1)');
    },
    writeSql: (files) => {
      rmSync(join(workspace, 'db'), { recursive: true, force: true });
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(workspace, path)), { recursive: true });
        writeFileSync(join(workspace, path), text);
      }
    },
    backups: async () => {
      const source = 'cd "$1" 2>/dev/null && ls -1 | grep -v sha256 || true';
      return linesOf((await lab.server.exec(['sh', '-c', source, 'sh', `${target.path}/.deploy/backups`])).stdout);
    },
    remove: async () => {
      await removeTarget(target);
      rmSync(workspace, { recursive: true });
    },
  };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The errors of a step, in one text. */
export function errorsOf(result: Awaited<ReturnType<typeof migrate>>): string {
  return result.commands.errors.join('\n');
}
