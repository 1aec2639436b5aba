import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sightScript } from '../src/route/sighting.ts';

/** Answers as Docker's CLI: tables of connections from files of that name, networks and ids as said here. */
const docker = `#!/bin/sh
printf '%s\\n' "$*" >> "$FOLDER/asked"
case $1 in
  ps) echo edge1 ;;
  inspect) shift 3; for id; do cat "$FOLDER/$id.networks"; done ;;
  exec) [ -f "$FOLDER/$4.tcp" ] && cat "$FOLDER/$4.tcp" ;;
esac`;
const networks = { edge1: 'edge1 n1=10.0.1.9', app1: 'app1 n1=10.0.1.2 n2=10.0.2.2' };
const pairs = Object.values(networks).join('\n');
/** As in /proc/net/tcp: number, local and remote address, state. */
const connection = (local: string, remote: string): string => `   0: ${local} ${remote} 01 00000000:00000000\n`;

let folder: string;

const write = (name: string, text: string): void => {
  writeFileSync(join(folder, name), text);
};

function sight(proxies: string, known: string, seconds = '60'): string {
  return execFileSync('sh', ['-c', sightScript, 'sh', 'shop', 'edge', proxies, known, seconds, 'app1'], {
    encoding: 'utf8',
    env: { PATH: `${folder}:/usr/bin:/bin`, FOLDER: folder },
  });
}

const asked = (): readonly string[] => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sighting-'));
  for (const [name, text] of [
    ['docker', docker],
    ['sleep', '#!/bin/sh\nexit 0'],
  ] as const) {
    write(name, text);
    chmodSync(join(folder, name), 0o755);
  }
  for (const [id, text] of Object.entries(networks)) write(`${id}.networks`, `${text}\n`);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a proxy that has to meet a new container', () => {
  it('is looked for in its own table of connections, and Docker is not asked again what is known', () => {
    write('app1.tcp', '');
    write('edge1.tcp', connection('0901000A:C350', '0201000A:1F40'));
    expect(sight('edge1', pairs)).toBe('');
    expect(asked().filter((line) => !line.startsWith('exec'))).toEqual([]);
  });

  it('is looked for in the container’s table where its image has no cat', () => {
    write('app1.tcp', connection('0201000A:1F40', '0901000A:C350'));
    expect(sight('edge1', pairs)).toBe('');
  });

  it('has not met it by the connections of others', () => {
    write('app1.tcp', connection('0201000A:1F40', '0301000A:C350'));
    write('edge1.tcp', connection('0901000A:C350', '0301000A:1F40'));
    expect(sight('edge1', pairs, '0')).toBe('late\n');
  });

  it('is found by Docker’s CLI where no engine could be asked', () => {
    write('edge1.tcp', connection('0901000A:C350', '0201000A:1F40'));
    expect(sight('', '')).toBe('');
    expect(asked().map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['ps', 'inspect']));
  });
});
