import { describe, expect, it } from 'vitest';
import { planRecovery } from '../src/recovery.ts';

const line = (step: string, data: Record<string, unknown> = {}): { step: string; data: Record<string, unknown> } => ({
  step,
  data,
});
const begin = line('begin', { project: 'shop', before: ['old'], staged: null, previous: 1 });

describe('the recovery of a deploy that died', () => {
  it('has nothing to do when it died before its first mutation was announced', () => {
    expect(planRecovery({ deployId: 'd', lines: [line('plan')] })).toEqual({ kind: 'nothing-happened' });
  });

  it('undoes what was created, and files that may have been swapped', () => {
    const recovery = planRecovery({
      deployId: 'd',
      lines: [
        begin,
        line('files-swapped', { releaseId: 'r1' }),
        line('intent', { service: 'web' }),
        line('created', { service: 'web', ids: ['new'] }),
        line('unrouted', { service: 'web', id: 'old' }),
      ],
    });
    expect(recovery).toMatchObject({ kind: 'undo', project: 'shop', activated: 'r1', pending: new Map() });
    if (recovery.kind !== 'undo') return;
    expect([...recovery.footprint.created]).toEqual([['web', ['new']]]);
    expect([...recovery.footprint.spent]).toEqual(['old']);
    expect([...recovery.footprint.known].sort()).toEqual(['new', 'old']);
  });

  it('looks for the containers whose creation was announced and not recorded, of services side by side', () => {
    const recovery = planRecovery({
      deployId: 'd',
      lines: [
        begin,
        line('intent', { service: 'web', hash: 'h1' }),
        line('intent', { service: 'api', hash: 'h2' }),
        line('created', { service: 'api', ids: ['new'] }),
        line('intent', { service: 'docs', hash: 'h3' }),
      ],
    });
    if (recovery.kind !== 'undo') throw new Error(recovery.kind);
    expect([...recovery.pending]).toEqual([
      ['web', 'h1'],
      ['docs', 'h3'],
    ]);
  });

  it('takes a container that may have got SIGTERM for one that goes, even if it still runs', () => {
    const recovery = planRecovery({
      deployId: 'd',
      lines: [begin, line('stopping', { service: 'web', id: 'old' })],
    });
    if (recovery.kind !== 'undo') throw new Error(recovery.kind);
    expect([...recovery.footprint.spent]).toEqual(['old']);
    expect([...recovery.footprint.touched]).toEqual(['web']);
  });

  it('makes networks anew again that it may have removed, with all services in them', () => {
    const renewal = { networks: ['shop_default'], services: ['web', 'db'] };
    const recovery = planRecovery({ deployId: 'd', lines: [begin, line('networks-renewed', renewal)] });
    if (recovery.kind !== 'undo') throw new Error(recovery.kind);
    expect(recovery.footprint.renewal).toEqual(renewal);
    expect([...recovery.footprint.touched]).toEqual(['web', 'db']);
  });

  describe('which was an explicit rollback', () => {
    const rollback = line('begin', {
      project: 'shop',
      before: ['bad1', 'bad2'],
      staged: null,
      previous: 2,
      restores: 1,
    });
    const made = line('created', { service: 'web', ids: ['good'] });

    it('finishes it: undoing it would bring the rejected release back', () => {
      const lines = [rollback, line('files-swapped', { releaseId: 'r1' }), line('intent', { service: 'web' }), made];
      const recovery = planRecovery({ deployId: 'd', lines });
      expect(recovery).toMatchObject({ kind: 'finish-rollback', release: 1, activated: 'r1', confirmed: new Set() });
    });

    it('trusts only those of its containers after which an old one was taken away', () => {
      const lines = [
        rollback,
        made,
        line('stopping', { service: 'web', id: 'bad1' }),
        line('created', { service: 'web', ids: ['second'] }),
        line('healthy', { service: 'web', ids: ['second'] }),
      ];
      const recovery = planRecovery({ deployId: 'd', lines });
      if (recovery.kind !== 'finish-rollback') throw new Error(recovery.kind);
      expect([...recovery.confirmed]).toEqual(['good']);
      expect([...recovery.footprint.spent]).toEqual(['bad1']);
    });

    it('undoes it where it had replaced nothing yet, and where it was being taken back after a cancel', () => {
      for (const lines of [[rollback], [rollback, made, line('rollback-started')]])
        expect(planRecovery({ deployId: 'd', lines }).kind).toBe('undo');
    });
  });

  it('finishes a commit that had begun', () => {
    const commit = { release: { number: 2 } };
    expect(planRecovery({ deployId: 'd', lines: [begin, line('pins-staged', { commit })] })).toEqual({
      kind: 'finish',
      project: 'shop',
      commit,
    });
  });
});
