/** What an exit code of a container says beyond its number, for a person; undefined where the number is the program's own. */
export function explainExitCode(code: number, isOutOfMemory: boolean): string | undefined {
  if (isOutOfMemory) return 'the kernel killed it: out of memory';
  switch (code) {
    case 125:
      return 'Docker could not start the container';
    case 126:
      return 'the command was found in the image, but is not executable';
    case 127:
      return 'the command was not found in the image';
    case 137:
      return 'killed (SIGKILL): out of memory on the server, or by hand';
    case 139:
      return 'crashed (SIGSEGV)';
    case 143:
      return 'stopped (SIGTERM): by hand, or the server shut down';
    default:
      return undefined;
  }
}

/** The next thing to do after such an exit code. */
export function adviseOnExitCode(code: number, isOutOfMemory: boolean): string {
  if (isOutOfMemory || code === 137) return 'Give the server or the service more memory, or make the command use less.';
  switch (code) {
    case 125:
      return 'Read the message of Docker above: a volume, a network or the image is not as the Compose file wants it.';
    case 126:
      return 'Make the file executable in the image, or name its interpreter.';
    case 127:
      return "Check the spelling and the image's PATH; for words of a shell write sh -c '…'.";
    case 143:
      return 'Run the job again when the server is up.';
    default:
      return 'The log of the command above says why. Fix it, and run the job again.';
  }
}

/** `exit code 127 (the command was not found in the image)`. */
export function describeExit(code: number, isOutOfMemory: boolean): string {
  const meaning = explainExitCode(code, isOutOfMemory);
  return `exit code ${code}${meaning === undefined ? '' : ` (${meaning})`}`;
}
