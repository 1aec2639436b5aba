import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import { ComposeError, type ComposeModel } from '@deploy-actions/kit/compose/model';
import type { Ledger } from '@deploy-actions/kit/state/release';
import type { HealthcheckPolicy } from '@deploy-actions/kit/plan/image-policy';
import type { PlanWishes } from '@deploy-actions/kit/plan/rollout-plan';

/** How the user wants services to be replaced; the same for every service of the step. */
export interface Wishes {
  /** References without a digest in `images`, and floating tags in the compose files. */
  readonly allowsMutableTags: boolean;
  /** Which services get new containers although nothing about them changed. */
  readonly recreate: 'changed' | 'all' | ReadonlySet<string>;
  readonly healthcheck: HealthcheckPolicy;
  /** What becomes of services that left the compose files. */
  readonly orphans: 'keep' | 'remove';
  /** Replicas replaced at a time. */
  readonly parallelism: number;
  /** Containers above the wanted number that may run for a while. */
  readonly maxSurge: number;
}

const servicePattern = /^[a-zA-Z0-9._][a-zA-Z0-9._-]*$/;

/**
 * Reads `allow-mutable-tags`, `recreate`, `healthcheck`, `orphans`, `parallelism` and `max-surge`.
 * @throws ConfigurationError naming the input
 */
export function readWishes(inputs: InputReader): Wishes {
  const parallelism = inputs.integer('parallelism', { min: 1, max: 100 });
  const hasSurge = inputs.optional('max-surge') !== undefined;
  return {
    allowsMutableTags: inputs.flag('allow-mutable-tags'),
    recreate: readRecreate(inputs.lines('recreate').flatMap((line) => line.split(/[\s,]+/).filter(Boolean))),
    healthcheck: inputs.oneOf('healthcheck', ['require', 'warn', 'ignore']),
    orphans: inputs.oneOf('orphans', ['keep', 'remove']),
    parallelism,
    maxSurge: hasSurge ? inputs.integer('max-surge', { min: 1, max: 100 }) : parallelism,
  };
}

function readRecreate(words: readonly string[]): Wishes['recreate'] {
  const [first = 'changed'] = words;
  if (words.length <= 1 && (first === 'changed' || first === 'all')) return first;
  const wrong = words.find((word) => word === 'changed' || word === 'all' || !servicePattern.test(word));
  if (wrong !== undefined) throw badInput('recreate', words.join(' '), '`changed`, `all`, or names of services');
  return new Set(words);
}

/**
 * What the wishes mean for a plan of this model. A rollback restores: it makes nothing anew that did not change.
 * @throws ComposeError SERVICE_UNKNOWN for a name in `recreate`
 */
export function planWishes(wishes: Wishes, isRollback: boolean, ledger: Ledger, model: ComposeModel): PlanWishes {
  const { recreate, orphans, maxSurge } = wishes;
  const unknown =
    typeof recreate === 'string' ? undefined : [...recreate].find((name) => model.services[name] === undefined);
  if (unknown !== undefined)
    throw new ComposeError({
      code: 'SERVICE_UNKNOWN',
      message: `input \`recreate\`: ${JSON.stringify(unknown)} is not a service of the compose files (they have: ${Object.keys(model.services).join(', ')}). Nothing was changed.`,
    });
  const recorded = ledger.releases.flatMap(({ digests }) => Object.keys(digests));
  return {
    recreate: isRollback || recreate === 'changed' ? new Set() : recreate,
    removable: new Set(orphans === 'remove' ? recorded : []),
    maxSurge,
  };
}
