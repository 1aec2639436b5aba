import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLab, type CommandResult, type Lab } from '../src/index.ts';
import { pauseDeploy, type Pause, type PausePoint } from '../src/pause.ts';

let lab: Lab;
let pauses: Pause[] = [];
let count = 0;
/** Of each test its own: a command that is let go at the end of one still leaves its mark. */
let path = '';
const keys = '/root/pause-itg';

beforeAll(async () => {
  lab = await openLab();
  await lab.server.exec(['install', '-d', '-m', '700', keys]);
  for (const [name, text] of [
    ['key', lab.server.privateKey],
    ['known_hosts', lab.server.knownHosts],
  ] as const)
    await lab.server.exec(['sh', '-c', 'umask 077; cat > "$1"', 'sh', `${keys}/${name}`], { stdin: text });
});

beforeEach(async () => {
  count += 1;
  path = `/srv/pause-itg/${String(count)}`;
  const script = 'mkdir -p "$1/.deploy/journal"; chown -R deploy:deploy "$1"';
  await lab.server.exec(['sh', '-c', script, 'sh', path]);
});

afterEach(async () => {
  for (const pause of pauses) await pause.remove();
  pauses = [];
});

afterAll(async () => {
  await lab.server.exec(['rm', '-rf', '/srv/pause-itg', keys], { allowFailure: true });
});

async function pauseAt(point: Omit<PausePoint, 'path'>): Promise<Pause> {
  const pause = await pauseDeploy(lab.server, { path, ...point }, 150_000);
  pauses.push(pause);
  return pause;
}

/** Writes one journal line after another as the deploy user, as the engine does; then leaves a mark. */
const write = (...steps: readonly string[]): Promise<CommandResult> => writeWith([], steps);

function writeWith(options: readonly string[], steps: readonly string[]): Promise<CommandResult> {
  const lines = steps.map((step) => `printf '{"step":"${step}","data":{}}\\n' >> "$f"; sync "$f" || exit 3; `);
  const login = ['-F', '/dev/null', '-i', `${keys}/key`, '-o', `UserKnownHostsFile=${keys}/known_hosts`];
  const command = `f=${path}/.deploy/journal/1.jsonl; ${lines.join('')} touch ${path}/done`;
  return lab.server.exec(['ssh', ...login, ...options, `deploy@${lab.server.address}`, command], {
    allowFailure: true,
  });
}

const read = async (file: string): Promise<string> =>
  (await lab.server.exec(['cat', `${path}/${file}`], { allowFailure: true })).stdout;
const isDone = async (): Promise<boolean> =>
  (await lab.server.exec(['test', '-e', `${path}/done`], { allowFailure: true })).exitCode === 0;

describe('a pause', () => {
  it('stops a command after the line is written and before what follows, until it is released', async () => {
    const pause = await pauseAt({ step: 'created' });
    const command = write('intent', 'created');
    await pause.reached;
    expect(await read('.deploy/journal/1.jsonl')).toContain('"created"');
    expect(await isDone()).toBe(false);
    await pause.release();
    expect((await command).exitCode).toBe(0);
    expect(await isDone()).toBe(true);
  });

  it('waits for the asked occurrence and does not count lines from before it was set', async () => {
    await write('stopping');
    const pause = await pauseAt({ step: 'stopping', occurrence: 2 });
    const command = write('stopping', 'removed', 'stopping', 'removed');
    await pause.reached;
    expect((await read('.deploy/journal/1.jsonl')).match(/stopping/g)).toHaveLength(3);
    await pause.release();
    await command;
  });

  it('leaves other steps and other folders alone', async () => {
    await pauseDeploy(lab.server, { path: `${path}-other`, step: 'intent' }).then((pause) => pauses.push(pause));
    await pauseAt({ step: 'committed' });
    expect((await write('intent')).exitCode).toBe(0);
  });

  it('kills the command on the server, so that what it announced is not done', async () => {
    const pause = await pauseAt({ step: 'intent' });
    const command = write('intent');
    await pause.reached;
    await pause.killCommand();
    expect((await command).exitCode).not.toBe(0);
    expect(await isDone()).toBe(false);
  });

  it('cuts the connection of that command alone', async () => {
    const pause = await pauseAt({ step: 'intent' });
    const command = writeWith(['-o', 'ServerAliveInterval=3'], ['intent']);
    await pause.reached;
    await pause.cutConnection();
    expect((await write('begin')).exitCode).toBe(0);
    expect((await command).stderr).toContain('not responding');
  });

  it('stops at the lease when it has been written', async () => {
    const pause = await pauseAt({ step: 'lease' });
    const take = 'cd "$1/.deploy" && echo {} > lease.json.new && mv -f lease.json.new lease.json && touch "$1/done"';
    const command = lab.server.exec([
      'setpriv',
      '--reuid=1000',
      '--regid=1000',
      '--clear-groups',
      'sh',
      '-c',
      take,
      'sh',
      path,
    ]);
    await pause.reached;
    expect(await read('.deploy/lease.json')).toBe('{}\n');
    expect(await isDone()).toBe(false);
    await pause.release();
    await command;
  });
});
