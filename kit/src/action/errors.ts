/** What one error carries to the person on call. */
export interface ErrorDetails<Code extends string> {
  /** Closed per action; also the value of the output `error-code`. */
  readonly code: Code;
  /** What failed, where, and what was observed. One sentence, no secrets. */
  readonly message: string;
  /** The next thing to do. */
  readonly hint?: string;
  /** Evidence shown below the message: log lines, probe output. Already redacted. */
  readonly evidence?: readonly string[];
  readonly cause?: unknown;
}

/** A failure whose meaning is known. Everything an action throws on purpose is one of these. */
export class DeployError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly hint: string | undefined;
  readonly evidence: readonly string[];

  constructor(details: ErrorDetails<Code>) {
    super(details.message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'DeployError';
    this.code = details.code;
    this.hint = details.hint;
    this.evidence = details.evidence ?? [];
  }
}

/** Whether something thrown has a known meaning; narrows without leaving `any` behind. */
export function isDeployError(thrown: unknown): thrown is DeployError {
  return thrown instanceof DeployError;
}

/** The user's input is wrong. Thrown before anything is touched; names the input as the user typed it. */
export class ConfigurationError extends DeployError<'INPUT_INVALID'> {
  constructor(message: string, hint?: string) {
    super({ code: 'INPUT_INVALID', message, ...(hint === undefined ? {} : { hint }) });
    this.name = 'ConfigurationError';
  }
}

/** For the end of a `switch` over a union: the compiler proves that no member is left. */
export function assertNever(value: never): never {
  throw new DeployError({
    code: 'BUG',
    message: `unexpected value ${JSON.stringify(value)}`,
    hint: 'Please report it.',
  });
}

/** The message of anything thrown, never its stack. */
export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
