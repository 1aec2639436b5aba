import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import { tryDownload } from '../download.ts';
import { LabError } from '../error.ts';
import { fillOnce } from '../file.ts';
import { acquireLock, withLabLock } from '../lock.ts';
import { createLog } from '../log.ts';
import type { Log } from '../log.ts';
import { locateLab } from '../paths.ts';
import type { LabLocation, LabPaths } from '../paths.ts';
import { findGo } from './go-toolchain.ts';

/** A cold module cache on a slow machine with a slow proxy. */
const BUILD_TIMEOUT_MS = 20 * 60_000;

/** A command of the Go world, at one version for ever. */
export interface GoProgram {
  /** Of the file that `go install` makes. */
  readonly name: string;
  /** Path of its package. */
  readonly module: string;
  /** Without the `v`. */
  readonly version: string;
  /** Build tags. */
  readonly tags?: string;
}

/**
 * Path of a program that is built once by `go install` and kept in the lab's cache. Go's checksum database vouches for
 * every module. Throws LabError where it cannot be built.
 */
export async function ensureGoProgram(
  program: GoProgram,
  options: LabLocation & { readonly log?: Log } = {},
): Promise<string> {
  const log = options.log ?? createLog();
  const paths = locateLab(options);
  const { name, version } = program;
  const folder = join(paths.cache, `${name}-${version}`);
  if (!existsSync(folder)) {
    // Not the lab's lock for the whole build: the lab may start and be used meanwhile.
    const lock = await acquireLock(`${name}:${paths.cache}`, log, BUILD_TIMEOUT_MS);
    try {
      await fillOnce(folder, (beside) => build(program, paths, beside, log));
    } finally {
      await lock.release();
    }
  }
  return join(folder, name);
}

async function build(program: GoProgram, paths: LabPaths, folder: string, log: Log): Promise<void> {
  const { name, version } = program;
  const go = await withLabLock(paths, log, () => findGo(paths.cache, join(folder, 'go'), log));
  log(`building ${name} ${version}: once, up to two minutes of processor time`);
  // What a try has fetched stays for the next one.
  await tryDownload(`go install of ${name}`, log, () => install(go, program, folder));
  for (const part of ['go', 'path', 'build']) rmSync(join(folder, part), { recursive: true, force: true });
}

async function install(go: string, { name, module, version, tags }: GoProgram, folder: string): Promise<void> {
  const tagged = tags === undefined ? [] : [`-tags=${tags}`];
  const result = await runCommand(
    [go, 'install', '-modcacherw', ...tagged, '-ldflags=-s -w', `${module}@v${version}`],
    {
      cwd: folder,
      allowFailure: true,
      timeoutMs: BUILD_TIMEOUT_MS,
      env: {
        CGO_ENABLED: '0',
        // Never another toolchain than the one that was found.
        GOTOOLCHAIN: 'local',
        GOBIN: folder,
        GOPATH: join(folder, 'path'),
        GOCACHE: join(folder, 'build'),
      },
    },
  );
  if (result.exitCode !== 0 || !existsSync(join(folder, name))) {
    const said = result.stderr.trim().split('\n').slice(-15).join('\n  ');
    throw new LabError(`go install of ${name} ${version} ended with exit code ${String(result.exitCode)}:\n  ${said}`, {
      hint: 'It needs the Go module proxy once; GOPROXY, GOSUMDB and HTTPS_PROXY are passed on.',
    });
  }
}
