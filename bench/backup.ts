import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureImages, type Lab } from '../lab/src/index.ts';
import { createJob } from '../lab/src/runner/index.ts';
import { readOurVersion } from './party.ts';
import { LEAST_RUNS, makeRow, median, type Bench, type Row } from './row.ts';

const PROJECT = 'bench-backup';
const FOLDER = `/srv/${PROJECT}`;
const DATABASE = `${PROJECT}-db-1`;
/** Rows of 160 bytes that do not compress away: about 190 MB with the index. */
const ROWS = 900_000;
/** Proof and all beside a bare dump: 35 % more time, the sum included. */
const TARGET_RATIO = 1.35;

const COMPOSE = `
services:
  db:
    image: \${DB_IMAGE}
    environment: { POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_PASSWORD: bench }
  migrate:
    image: \${API_IMAGE}
    profiles: [migrate]
    depends_on: { db: { condition: service_healthy } }
`;

/** The database half of what a migration costs; the review of SQL is measured by itself. */
export const backupBench: Bench = {
  name: 'migrate-backup',
  about: 'a backup of PostgreSQL, proved by reading all of it; peer: pg_dump alone',
  run: async (say, options) => ({
    rows: await benchBackup(say, options.isQuick ? 1 : options.runs),
    versions: { ours: await readOurVersion(fileURLToPath(new URL('..', import.meta.url))), node: process.version },
  }),
};

/** What a proved backup costs next to `pg_dump > file`: turn and turn about, on the same database. */
async function benchBackup(say: (text: string) => void, runs = LEAST_RUNS): Promise<readonly Row[]> {
  const lab = await ensureImages('full');
  const workspace = await mkdtemp(join(tmpdir(), 'bench-backup-'));
  try {
    await prepare(lab, workspace);
    const ours: number[] = [];
    const peer: number[] = [];
    for (let run = 0; run <= runs; run++) {
      const times = { peer: await dumpBare(lab), ours: await dumpProved(lab, workspace) };
      say(`backup ${String(run)}: ${times.ours.toFixed(1)} s, pg_dump ${times.peer.toFixed(1)} s`);
      // The first one warms PostgreSQL's buffers and the file cache.
      if (run === 0) continue;
      ours.push(times.ours);
      peer.push(times.peer);
    }
    const bare = median(peer) ?? 0;
    const facts = { metric: 'backup_s', case: `PostgreSQL, ${String(await sizeInMegabytes(lab))} MB, -Z1`, peer: bare };
    const peerName = 'docker exec db pg_dump -Fc -Z1 > file';
    return [makeRow({ ...facts, peerName, ours: median(ours), target: bare * TARGET_RATIO })];
  } finally {
    await cleanUp(lab);
    await rm(workspace, { recursive: true });
  }
}

async function prepare(lab: Lab, workspace: string): Promise<void> {
  const { full } = lab.images;
  if (full === undefined) throw new RangeError('the lab has no PostgreSQL');
  await cleanUp(lab);
  await lab.server.exec(['install', '-d', '-o', 'deploy', FOLDER]);
  const write = (file: string, stdin: string) =>
    lab.server.exec(['sh', '-c', 'cat > "$1"', 'sh', `${FOLDER}/${file}`], { stdin });
  await write('compose.yaml', COMPOSE);
  await write('.env', `DB_IMAGE=${lab.reference('anonymous', full.postgres.repository, full.postgres.digest)}\n`);
  await migrate(lab, workspace, { backup: 'off' });
  const fill = `create table orders as select n as id, md5(n::text) || md5((n * 7)::text) || md5((n * 13)::text) as note, now() as at from generate_series(1, ${String(ROWS)}) n; create index on orders (id); vacuum analyze orders`;
  for (const statement of fill.split('; ')) await query(lab, statement);
}

async function query(lab: Lab, sql: string): Promise<string> {
  const { stdout } = await lab.server.docker(['exec', DATABASE, 'psql', '-U', 'shop', '-XAtc', sql, 'shop']);
  return stdout.trim();
}

async function sizeInMegabytes(lab: Lab): Promise<number> {
  return Math.round(Number(await query(lab, 'select pg_database_size(current_database())')) / 2 ** 20);
}

/** Seconds of what people write into a cron job, timed on the server. */
async function dumpBare(lab: Lab): Promise<number> {
  const file = `${FOLDER}/bare.dump`;
  const source = 'docker exec "$1" pg_dump -Fc -Z1 -U shop shop > "$2"';
  const start = performance.now();
  await lab.server.exec(['sh', '-c', source, 'sh', DATABASE, file]);
  const seconds = (performance.now() - start) / 1000;
  await lab.server.exec(['rm', file]);
  return seconds;
}

/** Seconds from the question for the free disk to the name of the proved file, as the step's log says. */
async function dumpProved(lab: Lab, workspace: string): Promise<number> {
  const log = await migrate(lab, workspace, { 'database-service': 'db', 'backup-keep': '1' });
  const seconds = /^Backup \S+: .*, (\d+(?:\.\d+)?)s\.$/m.exec(log)?.[1];
  if (seconds === undefined) throw new RangeError(`the step's log names no time of its backup: ${log.slice(-600)}`);
  return Number(seconds);
}

async function migrate(lab: Lab, workspace: string, inputs: Readonly<Record<string, string>>): Promise<string> {
  const { server, registry, images } = lab;
  const image = lab.reference('htpasswd', images.app.repository, images.app.v2.digest);
  await using job = await createJob({
    workspace,
    env: {
      DEPLOY_HOST: server.host,
      DEPLOY_PORT: String(server.port),
      DEPLOY_USER: server.user,
      DEPLOY_SSH_PRIVATE_KEY: server.privateKey,
      DEPLOY_KNOWN_HOSTS: server.knownHosts,
      DEPLOY_PATH: FOLDER,
      DEPLOY_REGISTRY_USERNAME: registry.htpasswd.readOnlyUsername ?? '',
      DEPLOY_REGISTRY_PASSWORD: registry.htpasswd.readOnlyPassword ?? '',
    },
  });
  const given = { images: `API_IMAGE=${image}`, service: 'migrate', commands: 'true', ...inputs };
  const result = await job.step({ uses: 'action-migrate', with: given });
  await job.finish();
  if (result.outcome !== 'success') throw new RangeError(`the migration failed: ${result.log.slice(-600)}`);
  return result.log;
}

async function cleanUp(lab: Lab): Promise<void> {
  const source = `
ids=$(docker ps -aq --filter "label=com.docker.compose.project=$1"); [ -z "$ids" ] || docker rm -fv $ids
docker network rm "$1_default"; rm -rf "$2"; true`;
  await lab.server.exec(['sh', '-c', source, 'sh', PROJECT, FOLDER], { allowFailure: true });
}
