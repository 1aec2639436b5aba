/** One `::name key=value,key=value::message` line of a step's output, or `##[name key=value;key=value]message` in the older way. */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

function unescapeData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

function unescapeProperty(text: string): string {
  return unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));
}

function parseProperties(text: string, separator: string): Readonly<Record<string, string>> {
  const properties: Record<string, string> = {};
  for (const pair of text.split(separator)) {
    const equals = pair.indexOf('=');
    if (equals > 0) properties[pair.slice(0, equals).trim()] = unescapeProperty(pair.slice(equals + 1));
  }
  return properties;
}

/** Names that the runner knows: what looks like a command by another name is text. */
const known =
  /^(add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice|remove-matcher|save-state|set-env|set-output|stop-commands|warning)$/;

/** Returns undefined for a line that is no command. Rules of actions/runner ActionCommand.cs. */
export function parseWorkflowCommand(line: string): WorkflowCommand | undefined {
  const match = /^\s*::([A-Za-z][\w-]*)(?:\s+(.*?))?::(.*)$/s.exec(line);
  if (match !== null) return commandOf(match, ',');
  const older = /##\[([A-Za-z][\w-]*)(?: ([^\]]*))?\](.*)$/s.exec(line);
  if (older === null) return undefined;
  const command = commandOf(older, ';');
  return known.test(command.name) ? command : undefined;
}

function commandOf([, name = '', properties = '', message = '']: RegExpExecArray, separator: string): WorkflowCommand {
  return {
    name: name.toLowerCase(),
    properties: parseProperties(properties, separator),
    message: unescapeData(message),
  };
}
