import { asObject } from '@deploy-actions/kit/json/json';

/** Where the changed files of an event are to be found. */
export type ChangeSource =
  | {
      readonly kind: 'pull-request';
      readonly number: number;
      /** How many files GitHub says it changes; undefined when the event does not say. */
      readonly announced: number | undefined;
      readonly isFork: boolean;
    }
  | { readonly kind: 'commits'; readonly base: string; readonly head: string }
  /** Certainly nothing to deploy. */
  | { readonly kind: 'none'; readonly reason: string }
  /** There is no set of changed files to look at. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly isManual: boolean };

/** Reads an event's payload, the JSON of GITHUB_EVENT_PATH. Pure; what it does not know is `unknown`, never an error. */
export function readEvent(name: string, payload: unknown): ChangeSource {
  const event = asObject(payload);
  switch (name) {
    case 'pull_request':
    case 'pull_request_target':
    case 'pull_request_review':
      return readPullRequest(event);
    case 'push':
      return readPush(event);
    case 'merge_group': {
      const { base_sha: base, head_sha: head } = asObject(event['merge_group']);
      return isCommit(base) && isCommit(head) ? { kind: 'commits', base, head } : unreadable(name);
    }
    case 'workflow_dispatch':
    case 'repository_dispatch':
    case 'schedule':
      return { kind: 'unknown', reason: `${name} comes with no changed files`, isManual: true };
    default:
      return { kind: 'unknown', reason: `the event ${name} comes with no changed files`, isManual: false };
  }
}

function readPullRequest(event: Readonly<Record<string, unknown>>): ChangeSource {
  const pull = asObject(event['pull_request']);
  const { number, merged, changed_files: announced } = pull;
  if (typeof number !== 'number') return unreadable('pull_request');
  if (event['action'] === 'closed' && merged !== true) {
    return { kind: 'none', reason: `pull request #${number} was closed without being merged` };
  }
  const head = asObject(asObject(pull['head'])['repo']);
  const base = asObject(asObject(pull['base'])['repo']);
  return {
    kind: 'pull-request',
    number,
    announced: typeof announced === 'number' ? announced : undefined,
    // A fork that was deleted meanwhile has no repository any more.
    isFork: head['full_name'] !== base['full_name'],
  };
}

function readPush(event: Readonly<Record<string, unknown>>): ChangeSource {
  const { before, after, deleted, forced, created } = event;
  if (deleted === true) return { kind: 'none', reason: 'the push deleted a branch or tag' };
  if (!isCommit(before) || !isCommit(after)) return unreadable('push');
  const unknown = (reason: string): ChangeSource => ({ kind: 'unknown', reason, isManual: false });
  if (created === true || /^0+$/.test(before)) return unknown('the push made a new branch or tag');
  if (forced === true) return unknown('the push was forced, so what it took away is not known');
  return { kind: 'commits', base: before, head: after };
}

function unreadable(name: string): ChangeSource {
  return { kind: 'unknown', reason: `the payload of the event ${name} could not be read`, isManual: false };
}

function isCommit(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{40,64}$/.test(value);
}
