import type { Log } from '../log.ts';
import type { LabLocation } from '../paths.ts';
import { ensureGoProgram } from './go-program.ts';

/** The version whose behaviour examples/test/differences.act.test.ts holds. */
export const ACT_VERSION = '0.2.89';

export interface ActOptions extends LabLocation {
  readonly log?: Log;
}

/**
 * Path of nektos/act, built once. Built without its Docker part: jobs run on this machine (host mode), and that halves
 * what is compiled.
 */
export function ensureAct(options: ActOptions = {}): Promise<string> {
  return ensureGoProgram(
    { name: 'act', module: 'github.com/nektos/act', version: ACT_VERSION, tags: 'WITHOUT_DOCKER' },
    options,
  );
}

/** Path of actionlint, built once. */
export function ensureActionlint(options: ActOptions = {}): Promise<string> {
  const module = 'github.com/rhysd/actionlint/cmd/actionlint';
  return ensureGoProgram({ name: 'actionlint', module, version: '1.7.12' }, options);
}
