import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import { parseCommandLine, type CommandLine } from '../command-line.ts';
import { parseAcknowledgement, type Acknowledgement } from './acknowledgement.ts';

/** What the user wants reviewed, and how strictly. */
export interface ReviewWishes {
  /** `error`: findings of that level stop the step. `warn`: all are told, none stops. */
  readonly lint: 'error' | 'warn' | 'off';
  /** Paths and patterns below the workspace. */
  readonly files: readonly string[];
  /** A commit, branch or tag; only files that changed since are reviewed. */
  readonly base: string | undefined;
  /** Commands in the new image that print SQL. */
  readonly commands: readonly CommandLine[];
  readonly acknowledgements: readonly Acknowledgement[];
}

const mostCommands = 20;
/** GitHub's `before` of a branch's first push. */
const noCommit = /^0+$/;

/** @throws ConfigurationError naming the input as typed */
export function readReviewWishes(inputs: InputReader): ReviewWishes {
  const base = inputs.optional('lint-base');
  const commands = inputs.lines('lint-command');
  if (base !== undefined && !/^[\w@][^\s\\:?*[~]*([~^]\d*)*$/.test(base))
    throw badInput('lint-base', base, 'a commit, branch or tag');
  if (commands.length > mostCommands)
    throw new ConfigurationError(
      `input \`lint-command\`: ${commands.length} commands are more than ${mostCommands}.`,
      'Put them into a script in the image.',
    );
  return {
    lint: inputs.oneOf('lint', ['error', 'warn', 'off']),
    files: inputs.lines('lint-files'),
    base: base === undefined || noCommit.test(base) ? undefined : base,
    commands: commands.map((line, at) => parseCommandLine(line, `input \`lint-command\`, command ${at + 1}`)),
    acknowledgements: inputs.lines('acknowledge').map(parseAcknowledgement),
  };
}
