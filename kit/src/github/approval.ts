import { asObject } from '../json/json.ts';

/** One review of a run that waited for an environment. GitHub keeps them per run, not per attempt, and without a time. */
export interface Approval {
  readonly state: 'approved' | 'rejected' | 'pending';
  /** GitHub login. */
  readonly reviewer: string;
  readonly environments: readonly string[];
  readonly comment: string;
}

/** Reads the answer of `GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals`; entries of another shape are left out. */
export function parseApprovals(answer: unknown): readonly Approval[] {
  const list: readonly unknown[] = Array.isArray(answer) ? answer : [];
  return list.flatMap((entry) => {
    const review = asObject(entry);
    const reviewer = asObject(review['user'])['login'];
    const { state, comment } = review;
    if (state !== 'approved' && state !== 'rejected' && state !== 'pending') return [];
    if (typeof reviewer !== 'string') return [];
    const environments = (Array.isArray(review['environments']) ? review['environments'] : []) as readonly unknown[];
    const names = environments.map((environment) => asObject(environment)['name']);
    return [
      {
        state,
        reviewer,
        environments: names.filter((name) => typeof name === 'string'),
        comment: typeof comment === 'string' ? comment : '',
      },
    ];
  });
}

/** Who approved, each once, in GitHub's order; with an environment only who approved that one. */
export function approversOf(approvals: readonly Approval[], environment: string | undefined): readonly string[] {
  const counted = approvals.filter(
    ({ state, environments }) =>
      state === 'approved' &&
      (environment === undefined || environments.length === 0 || environments.includes(environment)),
  );
  return [...new Set(counted.map(({ reviewer }) => reviewer))];
}
