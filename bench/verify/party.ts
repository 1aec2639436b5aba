import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { readVersion } from '../party.ts';

/** Somebody who can prove images: one process for all of them, or one for each. */
export interface Party {
  readonly name: string;
  /** Undefined when it is not installed. */
  readonly version: string | undefined;
  /** The processes for these images, one after the other. */
  processes(images: readonly string[]): readonly Command[];
}

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export const MANIFEST_INSPECT = 'docker manifest inspect';

/** The action, run as a runner runs it. */
export function ourselves(root: string, version: string): Party {
  const inputs = {
    tags: 'any',
    platforms: 'linux/amd64',
    verify: 'none',
    'on-missing': 'fail',
    'certificate-oidc-issuer': 'https://token.actions.githubusercontent.com',
    'wait-timeout': '0',
    timeout: '30s',
    retries: '0',
  };
  return {
    name: 'action-verify-image',
    version,
    processes: (images) => {
      const given = Object.entries({ ...inputs, images: images.join('\n') });
      const env = Object.fromEntries(given.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
      return [{ argv: [process.execPath, join(root, 'action-verify-image', 'dist', 'index.js')], env }];
    },
  };
}

/**
 * What people use today; those that are not installed have no version.
 * @param buildx the plugin's program, which runs by itself; undefined: Docker's own, where it is installed
 */
export async function findPeers(buildx: string | undefined): Promise<readonly Party[]> {
  const imagetools = buildx === undefined ? ['docker', 'buildx'] : [buildx];
  const each =
    (...argv: readonly string[]) =>
    (images: readonly string[]): readonly Command[] =>
      images.map((image) => ({ argv: argv.map((word) => word.replace('IMAGE', image)) }));
  return [
    {
      name: 'skopeo inspect --no-tags',
      version: await readVersion('skopeo', ['--version']),
      processes: each('skopeo', 'inspect', '--no-tags', '--tls-verify=false', 'docker://IMAGE'),
    },
    {
      name: MANIFEST_INSPECT,
      version: await readVersion('docker', ['--version']),
      processes: each('docker', 'manifest', 'inspect', '--insecure', 'IMAGE'),
    },
    {
      name: 'docker buildx imagetools inspect',
      version: await readVersion(imagetools[0] ?? '', [...imagetools.slice(1), 'version']),
      processes: each(...imagetools, 'imagetools', 'inspect', 'IMAGE'),
    },
  ];
}

/** Runs a party's processes; milliseconds from the first start to the last end. */
export async function timeParty(commands: readonly Command[], folder: string): Promise<number> {
  const startedAt = performance.now();
  for (const command of commands) await runQuietly(command, folder);
  return performance.now() - startedAt;
}

function runQuietly({ argv, env }: Command, folder: string): Promise<void> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, DOCKER_CONFIG: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new RangeError(`${argv.join(' ')} ended with ${code ?? 'a signal'}: ${said.slice(-600)}`));
    });
  });
}
