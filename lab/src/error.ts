/** A lab command failed for a reason that a person can act on. `hint` is the next thing to do. */
export class LabError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'LabError';
    this.hint = options.hint;
  }
}
