import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The lab's slowest test files, slowest first, as a whole run on two cores measured them. Without a cache vitest starts
 * the largest files first, and a small file that takes three minutes is then what everybody waits for at the end.
 * The order decides nothing but time: a file that is missing here runs after these.
 */
export const slowLabFiles: readonly string[] = [
  'database',
  'engines',
  'assessment',
  'routing',
  'dirt',
  'wishes',
  'other-databases',
  'migrate',
  'concurrent-change',
  'kill-matrix-server',
  'kill-matrix',
  'adopted',
  'way-back',
  'rollback-modes',
  'interruption',
  'workers',
  'health-gate',
  'rolling-deploy',
  'image-retention',
  'composite',
  'died-rollback',
  'status',
  'simulate',
  'servers',
  'sync-crash',
  'sync-troubled',
  'ssh',
  'pages',
  'engine-update',
  'django',
  'images',
  'red-gates',
];

/** Files of `npm run test:matrix` alone: each of their points is held by another file of `npm test`. */
export const matrixFiles: readonly string[] = ['lab/test/full-images.itg.test.ts'];

/** Where a lab test file stands in the order: 0 is first; an unlisted file comes after all listed ones. */
export function rankOf(path: string): number {
  const index = slowLabFiles.indexOf(basename(path, '.itg.test.ts'));
  return index === -1 ? slowLabFiles.length : index;
}

export class LabOrder extends BaseSequencer {
  public override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLab = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('.itg.test.ts');
    const lab = sorted.filter(isLab).sort((left, right) => rankOf(left.moduleId) - rankOf(right.moduleId));
    return [...sorted.filter((file) => !isLab(file)), ...lab];
  }
}
