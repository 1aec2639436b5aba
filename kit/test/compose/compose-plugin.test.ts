import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adoptComposePlugin, composeArgv, composeVersionScript } from '../../src/compose/compose-plugin.ts';
import { localHost } from '../../src/host/local-host.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compose-plugin-'));
  // A program of Docker's own, as far as its first bytes tell: it starts `echo`.
  put('bin/docker', '\x7fELF', 0o755);
  put(
    '.docker/cli-plugins/docker-compose',
    '#!/bin/sh\necho "2.40.3 ${DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND-alone}"\n',
  );
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(file: string, text: string, mode = 0o755): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
  chmodSync(join(folder, file), mode);
}

/** What the script prints where this is the only `docker`, and the plugin's folder that of a user. */
function ask(env: Readonly<Record<string, string>> = {}): string {
  return execFileSync('sh', ['-c', composeVersionScript], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { HOME: folder, PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, LC_ALL: 'C', ...env },
  });
}

const byCli = '#!/bin/sh\necho "cli $*"\n';
const plugin = (): string => join(folder, '.docker/cli-plugins/docker-compose');

describe('Compose', () => {
  it('is started by its plugin, as Docker’s own program would start it', () => {
    expect(ask()).toBe(`2.40.3 docker\n${plugin()}\n`);
    const host = localHost();
    expect(adoptComposePlugin(host, { stdout: `v2.40.3\n${plugin()}\n` })).toBe('v2.40.3');
    expect(composeArgv(host, ['ps'])).toEqual([
      'env',
      'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND=docker',
      plugin(),
      'compose',
      'ps',
    ]);
  });

  it('is found in the folder that DOCKER_CONFIG names', () => {
    put('other/cli-plugins/docker-compose', '#!/bin/sh\necho 2.30.0\n');
    const file = join(folder, 'other/cli-plugins/docker-compose');
    expect(ask({ DOCKER_CONFIG: join(folder, 'other') })).toBe(`2.30.0\n${file}\n`);
  });

  it('is asked by the command where docker is a script, which may know what we do not', () => {
    put('bin/docker', byCli);
    expect(ask()).toBe('cli compose version --short\n');
    const host = localHost();
    expect(adoptComposePlugin(host, { stdout: '2.26.1\n' })).toBe('2.26.1');
    expect(composeArgv(host, ['ps'])).toEqual(['docker', 'compose', 'ps']);
  });

  it.each<[string, () => Readonly<Record<string, string>>]>([
    [
      'docker is a link to another program',
      () => {
        rmSync(join(folder, 'bin/docker'));
        put('bin/snap', '\x7fELF');
        symlinkSync(join(folder, 'bin/snap'), join(folder, 'bin/docker'));
        return {};
      },
    ],
    [
      'its settings name other folders',
      () => {
        put('.docker/config.json', '{"cliPluginsExtraDirs": ["/opt/plugins"]}');
        return {};
      },
    ],
    ['the environment names other folders', () => ({ DOCKER_CLI_PLUGIN_EXTRA_DIRS: '/opt/plugins' })],
    [
      'the first plugin that is there cannot be started',
      () => {
        chmodSync(plugin(), 0o644);
        return {};
      },
    ],
    [
      'the plugin says nothing',
      () => {
        put('.docker/cli-plugins/docker-compose', '#!/bin/sh\nexit 1\n');
        return {};
      },
    ],
  ])('is left to the command where %s', (_, arrange) => {
    const env = arrange();
    // This `docker` cannot be started: whoever asks it gets no answer.
    expect(() => ask(env)).toThrow();
  });
});
