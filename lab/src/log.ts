/** Progress for the person who waits: one line per event. */
export type Log = (line: string) => void;

/** Lines on standard error with the seconds since the start. */
export function createLog(): Log {
  const started = performance.now();
  return (line) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds}s  ${line}\n`);
  };
}

export const silentLog: Log = () => undefined;
