import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import { LabError } from '../error.ts';
import { fillOnce } from '../file.ts';
import { acquireLock, withLabLock } from '../lock.ts';
import { createLog } from '../log.ts';
import type { Log } from '../log.ts';
import { locateLab } from '../paths.ts';
import type { LabLocation, LabPaths } from '../paths.ts';
import { findGo } from './go-toolchain.ts';

/** The version whose behaviour examples/test/differences.act.test.ts holds. */
export const ACT_VERSION = '0.2.89';

/** A cold module cache on a slow machine with a slow proxy. */
const BUILD_TIMEOUT_MS = 20 * 60_000;

export interface ActOptions extends LabLocation {
  readonly log?: Log;
}

/**
 * Path of nektos/act, built once by `go install` and kept in the lab's cache. Go's checksum database vouches for every
 * module. Built without its Docker part: jobs run on this machine (host mode), and that halves what is compiled.
 */
export async function ensureAct(options: ActOptions = {}): Promise<string> {
  const log = options.log ?? createLog();
  const paths = locateLab(options);
  const folder = join(paths.cache, `act-${ACT_VERSION}`);
  if (!existsSync(folder)) {
    // Not the lab's lock for the whole build: the lab may start and be used meanwhile.
    const lock = await acquireLock(`act:${paths.cache}`, log, BUILD_TIMEOUT_MS);
    try {
      await fillOnce(folder, (beside) => buildAct(paths, beside, log));
    } finally {
      await lock.release();
    }
  }
  return join(folder, 'act');
}

async function buildAct(paths: LabPaths, folder: string, log: Log): Promise<void> {
  const go = await withLabLock(paths, log, () => findGo(paths.cache, join(folder, 'go'), log));
  log(`building act ${ACT_VERSION}: once, one to two minutes of processor time`);
  const scratch = ['go', 'path', 'build'].map((name) => join(folder, name));
  const result = await runCommand(
    [go, 'install', '-modcacherw', '-tags=WITHOUT_DOCKER', '-ldflags=-s -w', `github.com/nektos/act@v${ACT_VERSION}`],
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
  if (result.exitCode !== 0 || !existsSync(join(folder, 'act'))) {
    const said = result.stderr.trim().split('\n').slice(-15).join('\n  ');
    throw new LabError(`go install of act ${ACT_VERSION} ended with exit code ${String(result.exitCode)}:\n  ${said}`, {
      hint: 'It needs the Go module proxy once; GOPROXY, GOSUMDB and HTTPS_PROXY are passed on.',
    });
  }
  for (const path of scratch) rmSync(path, { recursive: true, force: true });
}
