/** A release that must not go on: what was observed, and what to do. Nothing was pushed when it is thrown before the push. */
export class ReleaseRefusal extends Error {
  override readonly name = 'ReleaseRefusal';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Throws one refusal that names every problem, if there are any. */
export function refuseIfAny(problems: readonly string[]): void {
  if (problems.length > 0) throw new ReleaseRefusal(problems);
}
