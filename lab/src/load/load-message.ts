import type { LoadReport } from './load-report.ts';

/** What the parent of a load process tells it. */
export type ParentMessage = { readonly type: 'mark'; readonly phase: string } | { readonly type: 'stop' };

/** What a load process tells its parent. */
export type ChildMessage =
  | { readonly type: 'started' }
  | { readonly type: 'progress'; readonly sent: number; readonly failed: number }
  | { readonly type: 'report'; readonly report: LoadReport };
