import { appendFileSync } from 'node:fs';
import { EOL } from 'node:os';

import * as core from '@actions/core';

import { describeThrown } from './errors.ts';
import { disarmCommands } from './log-text.ts';

/** Where an annotation belongs: a line of a file in the workspace. */
export interface AnnotationPlace {
  readonly title: string;
  /** Relative to the workspace. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/**
 * The door to the GitHub runner: inputs, outputs, state, masks, log and summary.
 * The one real implementation is {@link githubRunner}; tests pass `fakeRunner()` of `kit/src/testing`.
 */
export interface Runner {
  /** The raw text of an input, untrimmed; an absent input is the empty string. */
  input(name: string): string;
  /** A variable of the step's environment; undefined when unset or empty. */
  env(name: string): string | undefined;
  output(name: string, value: string): void;
  /** Value kept for the `post` step of the same action. */
  saveState(name: string, value: string): void;
  state(name: string): string;
  /** Registers ONE line with the runner's log filter. Use `maskSecret` of ./secrets.ts. */
  mask(line: string): void;
  /** A line of the log. Nothing in it is a command to the runner, whoever wrote it. */
  info(line: string): void;
  debug(line: string): void;
  notice(line: string): void;
  warning(line: string): void;
  error(line: string): void;
  /** A line of the log that GitHub also shows beside the file. It shows ten of a kind for a step. */
  annotate(level: 'error' | 'warning', message: string, place: AnnotationPlace): void;
  group<T>(title: string, body: () => Promise<T>): Promise<T>;
  /** Appends Markdown to the job summary. */
  summary(markdown: string): Promise<void>;
  /** Marks the step failed: an error annotation and exit code 1. */
  fail(message: string): void;
}

/** The real runner, through @actions/core. */
export function githubRunner(): Runner {
  return {
    input: (name) => core.getInput(name, { trimWhitespace: false }),
    env: (name) => process.env[name] || undefined,
    output: (name, value) => {
      core.setOutput(name, value);
    },
    saveState: (name, value) => {
      core.saveState(name, value);
    },
    state: (name) => core.getState(name),
    mask: (line) => {
      core.setSecret(line);
    },
    info: (line) => {
      // All others are commands themselves, in which @actions/core escapes what is foreign.
      core.info(disarmCommands(line));
    },
    debug: (line) => {
      core.debug(line);
    },
    notice: (line) => {
      core.notice(line);
    },
    warning: (line) => {
      core.warning(line);
    },
    error: (line) => {
      core.error(line);
    },
    annotate: (level, message, { title, file, line }) => {
      // By its name: what a bundle keeps of @actions/core follows from the names that are used.
      const write = level === 'error' ? core.error : core.warning;
      write(message, { title, file, startLine: line });
    },
    group: (title, body) => core.group(title, body),
    summary: (markdown) => {
      // A local rehearsal has no summary file. Not core.summary: it loads node:fs/promises, which most steps do without.
      const path = process.env['GITHUB_STEP_SUMMARY'] ?? '';
      if (path === '') return Promise.resolve();
      try {
        appendFileSync(path, `${markdown}${EOL}`);
      } catch (thrown) {
        // What was done is done: a page that cannot be written does not make it undone.
        core.warning(`The job summary could not be written: ${describeThrown(thrown)}`);
      }
      return Promise.resolve();
    },
    fail: (message) => {
      core.setFailed(message);
    },
  };
}
