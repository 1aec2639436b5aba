/** What a linter says of one line. */
export interface Finding {
  readonly tool: 'languageservice' | 'actionlint' | 'zizmor';
  /** Path below the repository, of a workflow, an action.yml or a document. */
  readonly file: string;
  readonly line: number;
  /** The linter's own name of the rule; empty where it has none. */
  readonly rule: string;
  readonly message: string;
}

/** Findings that stay, and why. */
export interface Exception {
  readonly tool: Finding['tool'];
  readonly rule: string;
  /** Only in this file. */
  readonly file?: string;
  /** Only with this in the message. */
  readonly message?: string;
  readonly reason: string;
}

/** What is left when the exceptions are taken away, and the exceptions that took nothing: those are stale. */
export function settleFindings(
  findings: readonly Finding[],
  exceptions: readonly Exception[],
): { readonly open: readonly Finding[]; readonly stale: readonly Exception[] } {
  const open = findings.filter((finding) => !exceptions.some((exception) => isCovered(finding, exception)));
  const stale = exceptions.filter((exception) => !findings.some((finding) => isCovered(finding, exception)));
  return { open, stale };
}

function isCovered(finding: Finding, exception: Exception): boolean {
  return (
    finding.tool === exception.tool &&
    finding.rule === exception.rule &&
    (exception.file === undefined || finding.file === exception.file) &&
    (exception.message === undefined || finding.message.includes(exception.message))
  );
}
