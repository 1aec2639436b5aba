import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drainInside, sessionInside, settleInside } from '../src/route/haproxy-inside.ts';

/** A runtime API behind `nc`: its servers stand in a file, `set server … state …` changes them, `busy` is in flight. */
const nc = `#!/bin/sh
read -r line
printf '%s\\n' "$line" >> "$FOLDER/asked"
cd "$FOLDER"
case $line in
  'show servers state') echo 1; cat servers; echo ;;
  'show stat -1 4 -1')
    echo '# pxname,svname,qcur,qmax,scur,smax,slim'
    while read -r _ be _ srv rest; do case $be in be_id) ;; *) echo "$be,$srv,0,,$(cat "busy.$srv" 2>/dev/null || echo 0),4,,"; esac; done < servers
    echo ;;
  'set server '*)
    set -- $line
    case $5 in drain) to=8 ;; *) to=0 ;; esac
    sed -i -E "s#^([0-9]+ \${3%/*} [0-9]+ \${3#*/} [^ ]+ [0-9]+) [0-9]+#\\1 $to#" servers
    echo ;;
esac`;

const head =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord';

/** One server as HAProxy prints it: operation 2 is up, 0 down; administration 8 drained, 32 without an address. */
const server = (name: string, address: string, operation = 2, administration = 0): string =>
  `3 app ${name.slice(3)} ${name} ${address} ${String(operation)} ${String(administration)} 1 1 9 15 3 4 6 0 0 0 app 8000 -`;

let folder: string;

const put = (name: string, text: string): void => {
  writeFileSync(join(folder, name), text);
};

const state = (): readonly string[] =>
  readFileSync(join(folder, 'servers'), 'utf8')
    .split('\n')
    .flatMap((line) => /^3 app \d+ (app\d) \S+ \d+ (\d+)/.exec(line)?.slice(1, 3).join('=') ?? []);

const asked = (what: string): number =>
  readFileSync(join(folder, 'asked'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(what)).length;

function run(inside: string, ...args: readonly string[]): { readonly code: number; readonly said: string } {
  return runWith('', inside, args);
}

function runWith(
  input: string,
  inside: string,
  args: readonly string[] = [],
): { readonly code: number; readonly said: string } {
  const source = inside.replace('sockets=$(find_sockets)', 'sockets=ipv4@127.0.0.1:9999');
  try {
    const said = execFileSync('sh', ['-c', source, 'sh', ...args], {
      encoding: 'utf8',
      input,
      env: { PATH: `${folder}:/usr/bin:/bin`, FOLDER: folder },
    });
    return { code: 0, said: said.trim() };
  } catch (thrown) {
    const { status, stdout } = thrown as { readonly status: number; readonly stdout: string };
    return { code: status, said: stdout.trim() };
  }
}

const servers = (...lines: readonly string[]): void => {
  put('servers', `${[head, ...lines].join('\n')}\n`);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haproxy-'));
  put('nc', nc);
  put('sleep', '#!/bin/sh\nexit 0');
  put('asked', '');
  for (const name of ['nc', 'sleep']) chmodSync(join(folder, name), 0o755);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('what runs inside HAProxy’s container', () => {
  it('drains the servers of the old address once another one is up', () => {
    servers(server('app1', '10.0.1.2'), server('app2', '10.0.1.3'), server('app3', '-', 0, 32));
    expect(run(drainInside, '20', ' 10.0.1.2', ' 10.0.1.3')).toEqual({ code: 0, said: 'drained' });
    expect(state()).toEqual(['app1=8', 'app2=0', 'app3=32']);
    expect(asked('show stat')).toBe(1);
  });

  it('says what is still in flight when its time is over', () => {
    servers(server('app1', '10.0.1.2'), server('app2', '10.0.1.3'));
    put('busy.app1', '2');
    expect(run(drainInside, '4', ' 10.0.1.2', ' 10.0.1.3')).toEqual({ code: 0, said: 'drained busy' });
    put('busy.app1', '0');
    put('busy.app2', '7');
    servers(server('app1', '10.0.1.2'), server('app2', '10.0.1.3'));
    expect(run(drainInside, '4', ' 10.0.1.2', ' 10.0.1.3').said).toBe('drained');
  });

  it('drains nothing while no other server is up', () => {
    servers(server('app1', '10.0.1.2'), server('app2', '10.0.1.3', 0));
    expect(run(drainInside, '20', ' 10.0.1.2', ' 10.0.1.3')).toEqual({ code: 6, said: 'backend app' });
    expect(state()).toEqual(['app1=0', 'app2=0']);
  });

  it('puts a drained server that has the address of one that stays back in use before', () => {
    servers(server('app1', '10.0.1.2'), server('app2', '10.0.1.3', 2, 8));
    expect(run(drainInside, '20', ' 10.0.1.2', ' 10.0.1.3').code).toBe(0);
    expect(state()).toEqual(['app1=8', 'app2=0']);
  });

  it('says nothing of a container that HAProxy sends nothing to', () => {
    servers(server('app1', '10.0.1.9'));
    expect(run(drainInside, '20', ' 10.0.1.2', ' 10.0.1.3')).toEqual({ code: 0, said: '' });
    expect(state()).toEqual(['app1=0']);
  });

  it('puts drained servers back in use: down ones, and those with the address of a container that is there', () => {
    servers(server('app1', '10.0.1.2', 0, 8), server('app2', '10.0.1.3', 2, 8), server('app3', '10.0.1.4', 2, 0));
    expect(run(settleInside, ' 10.0.1.3', 'app shop-app').code).toBe(0);
    expect(state()).toEqual(['app1=0', 'app2=0', 'app3=0']);
    expect(asked('set server')).toBe(2);
  });

  it('leaves servers of other names alone', () => {
    servers(server('app1', '10.0.1.2', 0, 8));
    expect(run(settleInside, ' 10.0.1.3', 'web').code).toBe(0);
    expect(state()).toEqual(['app1=8']);
  });

  it('waits for a drained server that is still up, five seconds at most', () => {
    servers(server('app1', '10.0.1.2', 2, 8));
    expect(run(settleInside, ' 10.0.1.3', 'app').code).toBe(0);
    expect(asked('show servers state')).toBeGreaterThan(25);
    expect(state()).toEqual(['app1=0']);
  });

  it('does both in one program, told by its input', () => {
    servers(server('app1', '10.0.1.2'), server('app2', '10.0.1.3'));
    const drain = 'drain\n20\n 10.0.1.2\n 10.0.1.3\n';
    expect(runWith(drain, sessionInside)).toEqual({ code: 0, said: 'drained \n\nend 0' });
    expect(state()).toEqual(['app1=8', 'app2=0']);
    const { said } = runWith(`${drain}settle\n 10.0.1.2 10.0.1.3\napp\n\n`, sessionInside);
    expect(said).toBe('drained \n\nend 0\n\nend 0');
    expect(state()).toEqual(['app1=0', 'app2=0']);
  });

  it('goes on with the next order where one failed, and gives nothing back when its input ends', () => {
    servers(server('app1', '10.0.1.2'), server('app2', '10.0.1.3', 0));
    const refused = 'drain\n20\n 10.0.1.2\n 10.0.1.3\n';
    expect(runWith(refused, sessionInside).said).toBe('backend app\n\nend 6');
    servers(server('app1', '10.0.1.2'), server('app2', '10.0.1.3'));
    const cut = `${refused}settle\n 10.0.1.3\napp`;
    expect(runWith(cut, sessionInside).said).toBe('drained \n\nend 0');
    expect(state()).toEqual(['app1=8', 'app2=0']);
  });
});
