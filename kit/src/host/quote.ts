/**
 * Quotes one word for a POSIX shell. The only quoting in the project: every remote command line is made of these.
 * Works in sh, dash, bash, busybox ash and zsh; NUL cannot be passed to a program at all and is refused by the callers' parsers.
 */
export function quoteWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line from words. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ');
}
