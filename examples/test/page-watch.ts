import { setTimeout as delay } from 'node:timers/promises';

/** People who open a page again and again, each time on a connection of their own. */
export interface PageWatch {
  /** What came instead of an answer of 200. */
  readonly failures: readonly string[];
  /** Resolves when a page came that has this text. */
  waitFor(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** Ten requests a second at most; whatever is not 200 is a failure. However slow the machine is, none may fail. */
export function watchPage(url: string): PageWatch {
  const stop = new AbortController();
  const failures: string[] = [];
  let listeners: readonly ((page: string) => void)[] = [];
  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        const answer = await fetch(url, { headers: { connection: 'close' } });
        const page = await answer.text();
        if (answer.status !== 200) failures.push(`status ${String(answer.status)}`);
        for (const listen of listeners) listen(page);
      } catch (error) {
        failures.push(String(error));
      }
      await delay(100);
    }
  };
  const ended = watch();
  return {
    failures,
    waitFor: (text) =>
      new Promise((resolve) => {
        listeners = [...listeners, (page) => (page.includes(text) ? resolve() : undefined)];
      }),
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}
