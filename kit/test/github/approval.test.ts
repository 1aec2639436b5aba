import { describe, expect, it } from 'vitest';
import { approversOf, parseApprovals, type Approval } from '../../src/github/approval.ts';

const review = (reviewer: string, state: Approval['state'], environments: readonly string[]): Approval => ({
  reviewer,
  state,
  environments,
  comment: '',
});

describe('approvals', () => {
  it('are read leniently: an answer of another shape is no approval', () => {
    expect(parseApprovals({ message: 'Not Found' })).toEqual([]);
    expect(parseApprovals([null, 5, { state: 'approved' }, { state: 'approved', user: null }])).toEqual([]);
  });

  it('name each approver of the environment once', () => {
    const all = [
      review('ada', 'approved', ['prod']),
      review('ada', 'approved', ['prod']),
      review('bob', 'rejected', ['prod']),
      review('eve', 'approved', ['staging']),
    ];
    expect(approversOf(all, 'prod')).toEqual(['ada']);
    expect(approversOf(all, undefined)).toEqual(['ada', 'eve']);
  });
});
