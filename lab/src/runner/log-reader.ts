import type { Masker } from './masker.ts';
import { parseWorkflowCommand, type WorkflowCommand } from './workflow-command.ts';

/** How a line of a step's log is shown. */
export type LineKind = 'text' | 'group' | 'endgroup' | 'error' | 'warning' | 'notice' | 'debug';

/** One line of the log that a person sees: masked, commands interpreted. */
export interface LogLine {
  readonly kind: LineKind;
  readonly text: string;
}

/** What a step said through workflow commands, masked. */
export interface StepCommands {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notices: readonly string[];
  /** Titles, in order. */
  readonly groups: readonly string[];
  readonly debug: readonly string[];
  /** Values registered by `::add-mask::`, in clear: for leak tests only. */
  readonly masks: readonly string[];
}

/** Takes a step's output line by line. */
export interface LogReader {
  readonly accept: (line: string) => void;
  /** Adds a message of the runner's own. */
  readonly report: (kind: LineKind, text: string) => void;
  readonly finish: () => { readonly log: string; readonly rawLog: string; readonly commands: StepCommands };
}

const prefixes: Readonly<Record<LineKind, string>> = {
  text: '',
  group: '##[group]',
  endgroup: '##[endgroup]',
  error: '##[error]',
  warning: '##[warning]',
  notice: '##[notice]',
  debug: '##[debug]',
};

interface ShownLog {
  readonly lines: readonly string[];
  readonly said: Readonly<Record<LineKind, readonly string[]>>;
  readonly report: (kind: LineKind, text: string) => void;
}

function createShownLog(masker: Masker, onLine: (line: LogLine) => void): ShownLog {
  const lines: string[] = [];
  const said: Record<LineKind, string[]> = {
    text: [],
    group: [],
    endgroup: [],
    error: [],
    warning: [],
    notice: [],
    debug: [],
  };
  const report = (kind: LineKind, text: string): void => {
    const masked = masker.mask(text);
    said[kind].push(masked);
    lines.push(`${prefixes[kind]}${masked}`);
    onLine({ kind, text: masked });
  };
  return { lines, said, report };
}

/**
 * @param onLine told of every shown line as it comes.
 * `rawLog` is what the process wrote, unmasked, without the `::add-mask::` lines themselves (the runner never shows those).
 */
export function createLogReader(masker: Masker, onLine: (line: LogLine) => void = () => undefined): LogReader {
  const { lines, said, report } = createShownLog(masker, onLine);
  const raw: string[] = [];
  const masks: string[] = [];
  let resumeToken: string | undefined;

  const obey = (command: WorkflowCommand, line: string): void => {
    switch (command.name) {
      case 'add-mask':
        masks.push(command.message);
        masker.add(command.message);
        return;
      case 'stop-commands':
        resumeToken = command.message.toLowerCase();
        return;
      case 'group':
      case 'endgroup':
      case 'error':
      case 'warning':
      case 'notice':
      case 'debug':
        report(command.name, command.message);
        return;
      default:
        report('text', line);
    }
  };
  const accept = (line: string): void => {
    const command = parseWorkflowCommand(line);
    if (command?.name !== 'add-mask' || resumeToken !== undefined) raw.push(line);
    if (resumeToken !== undefined) {
      if (command?.name === resumeToken) resumeToken = undefined;
      else report('text', line);
    } else if (command === undefined) report('text', line);
    else obey(command, line);
  };
  const { error: errors, warning: warnings, notice: notices, group: groups, debug } = said;
  return {
    accept,
    report,
    finish: () => ({
      log: lines.join('\n'),
      rawLog: raw.join('\n'),
      commands: { errors, warnings, notices, groups, debug, masks },
    }),
  };
}
