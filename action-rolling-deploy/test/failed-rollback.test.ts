import { describe, expect, it } from 'vitest';
import { chooseNeedless } from '../src/failed-rollback.ts';
import { container } from './builders.ts';

const sick = { health: { status: 'unhealthy', probes: [], budgetMs: 0 } };
const ids = (...given: Parameters<typeof chooseNeedless>): readonly string[] =>
  chooseNeedless(...given).map(({ id }) => id);

describe('the new containers of a rollback that failed', () => {
  it('go where they were not proved and others serve', () => {
    expect(ids([container('old', 'web'), container('new', 'web', sick)], new Set(['new']))).toEqual(['new']);
    const created = container('new', 'web', { status: 'created' });
    expect(ids([container('old', 'web'), created], new Set(['new']))).toEqual(['new']);
  });

  it('stay where they serve, and where nothing else is there', () => {
    expect(ids([container('old', 'web'), container('new', 'web')], new Set(['new']))).toEqual([]);
    expect(ids([container('new', 'web', sick), container('db', 'db')], new Set(['new']))).toEqual([]);
    const ended = container('old', 'web', { status: 'exited' });
    expect(ids([ended, container('new', 'web', sick)], new Set(['new']))).toEqual([]);
  });

  it('are never those that this rollback did not make', () => {
    expect(ids([container('old', 'web', sick), container('new', 'web')], new Set(['new']))).toEqual([]);
  });
});
