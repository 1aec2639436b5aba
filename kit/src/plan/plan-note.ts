/** Why a rollout does not begin. */
export type RefusalCode = 'NO_HEADROOM' | 'NO_SPACE' | 'DRIFT' | 'MUTABLE_TAG' | 'NO_HEALTHCHECK';

/**
 * Something the plan says beside its table, about one service or about the server. A refusal ends `mode: deploy` before
 * anything is touched; `mode: plan` shows it and goes on.
 */
export type PlanNote =
  | { readonly level: 'info' | 'warning'; readonly service?: string; readonly text: string }
  | {
      readonly level: 'refusal';
      readonly code: RefusalCode;
      readonly service?: string;
      readonly text: string;
      /** The next thing to do. */
      readonly hint: string;
    };

/** The first reason not to begin. */
export function firstRefusal(notes: readonly PlanNote[]): Extract<PlanNote, { level: 'refusal' }> | undefined {
  return notes.find((note) => note.level === 'refusal');
}

/** How bad it is to go on, worst first; within a level in the order given. */
export function sortNotes(notes: readonly PlanNote[]): readonly PlanNote[] {
  const rank = { refusal: 0, warning: 1, info: 2 };
  return [...notes].sort((a, b) => rank[a.level] - rank[b.level]);
}

/** One line for the log and the summary. In `mode: plan` nothing is refused yet, so the word is of what would be. */
export function describeNote(note: PlanNote): string {
  if (note.level === 'refusal') return `would refuse (${note.code}): ${note.text}. ${note.hint}`;
  return `${note.level === 'warning' ? 'warning: ' : ''}${note.text}`;
}
