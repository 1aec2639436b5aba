import type { MetaCommand } from '../sql/meta-command.ts';
import type { Remark } from './remark.ts';

/** What a backslash command does that no SQL review sees. */
export function checkMetaCommand({ name, args }: MetaCommand, file: string): readonly Remark[] {
  const shown = `\\${name}`;
  if (name === '!' || args.includes('`') || isPipe(name, args) || (name === 'copy' && /\bprogram\b/i.test(args)))
    return [{ rule: 'psql-shell', object: shown, what: `${shown} runs a shell command` }];
  if (/^(i|ir|include|include_relative)$/.test(name))
    return [{ rule: 'psql-include', object: args.split(/\s/)[0] || file, what: `${shown} reads ${args}` }];
  if (name === 'c' || name === 'connect')
    return [{ rule: 'psql-connect', object: args.split(/\s/)[0] || file, what: `${shown} connects elsewhere` }];
  if (name === 'gexec') return [{ rule: 'dynamic-sql', object: file, what: '\\gexec runs what the query returns' }];
  if ((name === 'set' || name === 'unset') && ignoresErrors(name, args))
    return [{ rule: 'psql-ignores-errors', object: args.split(/\s/)[0] ?? '', what: `${shown} ${args}` }];
  return [];
}

function isPipe(name: string, args: string): boolean {
  return /^(o|out|w|write|g|gx)$/.test(name) && /^(\([^)]*\)\s*)?\|/.test(args);
}

function ignoresErrors(name: string, args: string): boolean {
  const [variable = '', value = ''] = args.split(/\s+/);
  const isOn = name === 'set' && !/^['"]?(off|0|false|no)?['"]?$/i.test(value);
  if (variable === 'ON_ERROR_STOP') return !isOn && !(name === 'set' && value === '');
  return variable === 'ON_ERROR_ROLLBACK' && isOn;
}
