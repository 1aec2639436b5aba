import { describe, expect, it } from 'vitest';
import { parseComposeModel } from '../../src/compose/model.ts';
import { withProfiles } from '../../src/plan/look-ahead.ts';

const model = parseComposeModel(
  JSON.stringify({
    name: 'shop',
    services: { api: {}, migrate: { profiles: ['tools'] }, job: { profiles: ['a', 'b'] } },
  }),
);
const names = (profiles: readonly string[]): readonly string[] => Object.keys(withProfiles(model, profiles).services);

describe('withProfiles', () => {
  it('leaves out what no active profile has, as a rollout does', () => {
    expect(names([])).toEqual(['api']);
    expect(names(['b'])).toEqual(['api', 'job']);
    expect(names(['*'])).toEqual(['api', 'migrate', 'job']);
  });
});
