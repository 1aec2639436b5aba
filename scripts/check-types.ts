import { createRequire } from 'node:module';
import { mapParallel, runProgram } from './process.ts';
import { listProjects, root } from './workspace.ts';

/** `npm run check:types`: the compiler over every folder with a tsconfig.json, tests included. Nothing is written. */
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

const results = await mapParallel(listProjects(), 2, async (project) => {
  const { code, output } = await runProgram(
    process.execPath,
    [compiler, '--noEmit', '--pretty', 'false', '-p', project],
    {
      cwd: root,
    },
  );
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${project}${code === 0 ? '' : `\n${output.trimEnd()}`}`);
  return code;
});
process.exitCode = results.every((code) => code === 0) ? 0 : 1;
