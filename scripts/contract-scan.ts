import { join, sep } from 'node:path';
import ts from 'typescript';
import { root } from './workspace.ts';

/** The names an action's code really uses. */
export interface UsedNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Places where a name could not be read from the source: the scan is incomplete there, which is a failure. */
  readonly unknown: readonly string[];
}

type Kind = 'inputs' | 'outputs';

/** Methods of the kit's two interfaces whose first argument is a name of action.yml. */
const readers: Readonly<Record<string, (method: string) => Kind | undefined>> = {
  // `variable` reads the step's environment, not an input.
  InputReader: (method) => (method === 'variable' ? undefined : 'inputs'),
  Runner: (method) => (method === 'input' ? 'inputs' : method === 'output' ? 'outputs' : undefined),
};
/** The doors themselves: their own calls carry names of their callers. */
const doors = ['kit/src/action/inputs.ts', 'kit/src/action/runner.ts'].map((path) => join(root, path));

/** One compiler program for all actions: it takes seconds to make. */
export function createScanner(folders: readonly string[]): (folder: string) => UsedNames {
  const entries = folders.map(entryOf);
  const config = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram(entries, { ...options, noEmit: true, rootDir: root });
  return (folder) => scanAction(program, entryOf(folder));
}

function entryOf(folder: string): string {
  return join(root, folder, 'src', 'index.ts');
}

/**
 * Follows every reference from an action's index.ts, declaration by declaration, through its own files and the kit,
 * and collects the names in calls such as `inputs.required('host')`. A name that is a parameter is looked up where that
 * function is called.
 */
function scanAction(program: ts.Program, entry: string): UsedNames {
  const checker = program.getTypeChecker();
  const start = program.getSourceFile(entry);
  if (start === undefined) return { inputs: [], outputs: [], unknown: [`${entry} does not exist`] };
  const calls = collectCalls(checker, start);
  const found: Record<Kind, Set<string>> = { inputs: new Set(), outputs: new Set() };
  const unknown: string[] = [];
  const sinks = new Map<ts.ParameterDeclaration, Kind>();
  const take = (argument: ts.Expression, kind: Kind): void => {
    const names = literalNames(checker.getTypeAtLocation(argument));
    const parameter = parameterOf(checker, argument);
    if (names !== undefined) names.forEach((name) => found[kind].add(name));
    else if (parameter === undefined) unknown.push(`${where(argument)}: ${argument.getText()}`);
    else sinks.set(parameter, kind);
  };
  for (const call of calls) {
    const kind = readerKind(checker, call);
    const first = call.arguments[0];
    if (kind !== undefined && first !== undefined) take(first, kind);
  }
  // A Map's iterator also visits what is added on the way: parameters that hand their name on to other parameters.
  for (const [parameter, kind] of sinks) {
    const owner = parameter.parent;
    const position = owner.parameters.indexOf(parameter);
    const callers = calls.filter((call) => checker.getResolvedSignature(call)?.declaration === owner);
    if (callers.length === 0) unknown.push(`${where(parameter)}: nobody calls it with a literal name`);
    for (const { arguments: given } of callers) {
      const argument = given[position];
      if (argument !== undefined) take(argument, kind);
    }
  }
  return { inputs: [...found.inputs].sort(), outputs: [...found.outputs].sort(), unknown };
}

function collectCalls(checker: ts.TypeChecker, start: ts.SourceFile): readonly ts.CallExpression[] {
  const queue = new Set<ts.Node>([start]);
  const calls: ts.CallExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isCallExpression(node)) calls.push(node);
    if (ts.isIdentifier(node)) for (const declaration of declarationsOf(checker, node)) queue.add(declaration);
    ts.forEachChild(node, visit);
  };
  for (const node of queue) ts.forEachChild(node, visit);
  return calls;
}

/** The top-level statements of our own sources that an identifier leads to. */
function declarationsOf(checker: ts.TypeChecker, node: ts.Identifier): readonly ts.Node[] {
  const named = ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node);
  if (named === undefined) return [];
  const symbol = named.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(named) : named;
  return (symbol.declarations ?? []).flatMap((declaration) => {
    const file = declaration.getSourceFile();
    const isOurs = file.fileName.startsWith(root) && !file.fileName.includes(`${sep}node_modules${sep}`);
    if (!isOurs || file.isDeclarationFile || doors.includes(file.fileName)) return [];
    const statement = topLevelOf(declaration);
    return statement === undefined || ts.isInterfaceDeclaration(statement) ? [] : [statement];
  });
}

function topLevelOf(node: ts.Node): ts.Node | undefined {
  let current: ts.Node = node;
  while (!ts.isSourceFile(current)) {
    if (ts.isSourceFile(current.parent)) return current;
    current = current.parent;
  }
  return undefined;
}

function readerKind(checker: ts.TypeChecker, call: ts.CallExpression): Kind | undefined {
  if (!ts.isPropertyAccessExpression(call.expression)) return undefined;
  const receiver = checker.getTypeAtLocation(call.expression.expression);
  const type = (receiver.aliasSymbol ?? receiver.getSymbol())?.name;
  return type === undefined ? undefined : readers[type]?.(call.expression.name.text);
}

function literalNames(type: ts.Type): readonly string[] | undefined {
  if (type.isStringLiteral()) return [type.value];
  if (!type.isUnion()) return undefined;
  const names = type.types.map((member) => (member.isStringLiteral() ? member.value : undefined));
  return names.every((name) => name !== undefined) ? names : undefined;
}

function parameterOf(checker: ts.TypeChecker, argument: ts.Expression): ts.ParameterDeclaration | undefined {
  const declaration = checker.getSymbolAtLocation(argument)?.valueDeclaration;
  return declaration !== undefined && ts.isParameter(declaration) ? declaration : undefined;
}

function where(node: ts.Node): string {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${file.fileName.slice(root.length + 1)}:${line + 1}`;
}
