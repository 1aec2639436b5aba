import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandLine, launchProgram, stopSource } from '../../src/host/launcher.ts';

const token = 'deploy-0123456789abcdef';

/** What breaks quoting somewhere: quotes, expansions, line ends, options, bytes of all lengths. */
const hostileWord = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(...Array.from('\'"\\$`!*?[]{}()<>|&;#~^=% \n\r\t-+0é漢😀')), maxLength: 20 }),
    fc.constantFrom(
      '',
      '-n',
      '--',
      '$(touch /tmp/x)',
      '`id`',
      "'\\''",
      '\\',
      '\\0101',
      '%s%n',
      '!!',
      '~',
      '\u007f',
      '\u0001',
    ),
  )
  .filter((word) => !word.includes('\0') && !/\p{Surrogate}/u.test(word));

/** Runs a command line as sshd does, and returns what came after the mark. */
function throughShell(shell: readonly string[], line: string): string {
  const [program = '', ...args] = shell;
  const run = spawnSync(program, [...args, line], {
    encoding: 'buffer',
    env: { PATH: process.env['PATH'], HOME: '/' },
  });
  const mark = `${token} ok\n`;
  const out = run.stdout.toString('utf8');
  expect(out, run.stderr.toString('utf8')).toContain(mark);
  return out.slice(out.indexOf(mark) + mark.length);
}

// Whatever of these the machine has; sh always.
const shells = [
  ['sh', '-c'],
  ['bash', '-c'],
  ['dash', '-c'],
  ['busybox', 'sh', '-c'],
  ['zsh', '-c'],
  ['fish', '-c'],
  ['tcsh', '-c'],
].filter(([program = '']) => spawnSync(program, ['-c', 'true']).error === undefined);

describe('a command line', () => {
  it.each(shells)('brings hostile words through the login shell %s unchanged', (...shell: string[]) => {
    fc.assert(
      fc.property(fc.array(hostileWord, { maxLength: 6 }), (words) => {
        const line = commandLine(launchProgram({ token, argv: ['printf', '%s\\0', ...words, 'end'] }));
        expect(throughShell(shell, line).split('\0').slice(0, -1)).toEqual([...words, 'end']);
      }),
      { numRuns: 60 },
    );
  });

  it('holds nothing that csh or fish read differently inside single quotes', () => {
    fc.assert(
      fc.property(fc.array(hostileWord), (words) => {
        const line = commandLine(launchProgram({ token, argv: ['echo', ...words] }));
        expect(line).toMatch(/^exec sh -c '[^'\\!\n]*' sh '[^']*'$/);
        expect(line.replace(/^exec sh -c '[^']*' sh /, '')).toMatch(/^'(?:[ "#-&(-[\]-~]|\\n|\\0[0-3][0-7]{2})*'$/);
      }),
    );
  });

  it('sets variables, umask and locale, and enters the folder', () => {
    const program = launchProgram({
      token,
      cwd: '/usr',
      env: { FIRST: "a 'b' $c", SECOND: '' },
      argv: ['sh', '-c', 'echo "$PWD|$FIRST|${SECOND-unset}|$(umask)|$LC_ALL"'],
    });
    expect(throughShell(['sh', '-c'], commandLine(program))).toBe("/usr|a 'b' $c||0022|C\n");
  });

  it('enters a folder that is called like an option or like the previous folder', () => {
    const line = commandLine(launchProgram({ token, cwd: '-', argv: ['pwd'] }));
    const run = spawnSync('sh', ['-c', line], {
      encoding: 'utf8',
      cwd: '/',
      env: { PATH: process.env['PATH'], OLDPWD: '/tmp' },
    });
    expect(run.stdout).toBe(`${token} cwd\n`);
  });

  it.each([
    ['a NUL byte', { token, argv: ['echo', 'a\0b'] }],
    ['not a name', { token, argv: ['true'], env: { 'A-B': '1' } }],
    ['no command', { token, argv: [] }],
    ['more than the', { token, argv: ['echo', 'x'.repeat(130_000)] }],
  ])('is refused with %s', (expected, launch) => {
    expect(() => launchProgram(launch)).toThrow(expected);
  });
});

describe('stopping a command', () => {
  it('ends a shell that has the program but has not begun it, and no shell of another command', async () => {
    const program = launchProgram({ token, argv: ['true'] });
    const other = launchProgram({ token: 'deploy-fedcba9876543210', argv: ['true'] });
    // Waits for its input, as a shell does whose program is still being read: nothing carries the token in its environment yet.
    const waiting = [program, other].map((text) =>
      spawn('sh', ['-c', 'echo waits; read -r line; eval "$1"', 'sh', text], { stdio: ['pipe', 'pipe', 'ignore'] }),
    );
    try {
      await Promise.all(waiting.map(({ stdout }) => once(stdout, 'data')));
      const stop = spawnSync('sh', ['-c', stopSource, 'sh', token, '50'], { encoding: 'utf8' });
      expect(stop.stdout.trim()).toBe('0');
      const [ended, stays] = waiting;
      if (ended === undefined || stays === undefined) throw new Error('two were started');
      if (ended.exitCode === null && ended.signalCode === null) await once(ended, 'exit');
      expect(ended.signalCode).toBe('SIGTERM');
      expect(stays.exitCode ?? stays.signalCode).toBeNull();
    } finally {
      for (const process of waiting) process.kill('SIGKILL');
    }
  });
});
