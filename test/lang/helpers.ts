/** Shared by the language tests: a small grammar, and trees as short text. */
import type { Grammar } from '../../src/lang/grammar.js'
import { parseDocument, parseExpression } from '../../src/lang/parser.js'
import { Source, type SyntaxProblem } from '../../src/lang/source.js'
import type { Definition, Expr, Statement } from '../../src/lang/tree.js'
import { withoutPositions } from '../../src/lang/visit.js'

const shapes: Record<string, readonly string[]> = {
  var: [],
  'var.update': [],
  'db.query': [],
  'db.get': [],
  'db.add': [],
  'db.transaction': ['stack'],
  conditional: ['if', 'elseif', 'else'],
  switch: ['case', 'default'],
  foreach: ['each'],
  for: ['each'],
  while: ['each'],
  try_catch: ['try', 'catch', 'finally'],
  group: ['stack'],
  precondition: [],
  return: [],
  throw: [],
  break: [],
  continue: [],
  'array.push': [],
  'array.find': [],
  'array.map': [],
  'array.pop': [],
  'debug.log': [],
  'function.run': [],
  'api.call': [],
  'math.add': [],
  'foreach.remove': [],
  remove: [],
  'security.create_uuid': [],
  'expect.to_equal': [],
  'expect.to_throw': ['stack'],
  'expect.to_be_true': [],
  parallel: ['branch'],
}
const filters = ['trim', 'count', 'get', 'set', 'map', 'filter', 'to_lower', 'uuid', 'range', 'slice', 'push', 'pick', 'is_empty', 'contains', 'f', 'g']

/** A grammar of the statements and filters these tests use. */
export const grammar: Grammar = {
  statement: (name) => (Object.hasOwn(shapes, name) ? { blocks: shapes[name] ?? [] } : undefined),
  statementNames: () => Object.keys(shapes),
  filterNames: () => filters,
}

/** The tree of an expression that must have no errors. */
export function expr(text: string): Expr {
  const { expr: tree, problems } = parseExpression(text)
  const errors = problems.filter((p) => p.severity === 'error')
  if (tree === undefined || errors.length > 0) throw new Error(`${text}: ${errors.map((p) => p.message).join(' ')}`)
  return withoutPositions(tree)
}

/** A tree as text with every group in parentheses: shows what binds to what. */
export function show(e: Expr): string {
  switch (e.type) {
    case 'text':
      return JSON.stringify(e.value)
    case 'number':
    case 'timestamp':
      return e.text
    case 'constant':
      return e.name
    case 'word':
      return `'${e.value}`
    case 'variable':
      return `$${e.name}`
    case 'member':
      return `${show(e.object)}.${e.name}`
    case 'index':
      return `${show(e.object)}[${show(e.index)}]`
    case 'filter':
      return `(${e.input === null ? '' : show(e.input)}|${e.disabled ? '!' : ''}${[e.name, ...e.args.map(show)].join(':')})`
    case 'unary':
      return `(${e.op}${show(e.operand)})`
    case 'binary':
      return `(${show(e.left)} ${e.op}${e.ignoreNull ? '?' : ''} ${show(e.right)})`
    case 'ternary':
      return `(${show(e.test)} ? ${show(e.then)} : ${show(e.else)})`
    case 'pair':
      return `${show(e.low)}:${show(e.high)}`
    case 'cast':
      return `!${e.to}${JSON.stringify(e.text)}`
    case 'list':
      return `[${e.items.map((item) => (item.type === 'spread' ? `...${show(item.value)}` : show(item))).join(' ')}]`
    case 'object':
      return `{${e.entries
        .map((entry) =>
          entry.type === 'spread' ? `...${show(entry.value)}` : `${entry.type === 'computed' ? `(${show(entry.key)})` : entry.key}=${show(entry.value)}`,
        )
        .join(' ')}}`
  }
}

/** Definition and problems of a document. */
export const parse = (text: string): { definition?: Definition; problems: SyntaxProblem[] } => parseDocument(new Source('test.xs', text), grammar)

/** The definition of a document without errors. */
export function definition(text: string): Definition {
  const { definition: found, problems } = parse(text)
  const errors = problems.filter((p) => p.severity === 'error')
  if (found === undefined || errors.length > 0) throw new Error(errors.map((p) => `${p.message}\n${p.excerpt}`).join('\n'))
  return withoutInputLines(withoutPositions(found))
}

/** Lines are looked at by tests of their own: test/lang/construct.test.ts. */
function withoutInputLines({ response, ...rest }: Definition): Definition {
  const { line: _, ...value } = response ?? {}
  const input = rest.input?.map(({ line: _line, ...field }) => field)
  return { ...rest, ...(input ? { input } : {}), ...(response ? { response: value as typeof response } : {}) }
}

/** The statements of a stack with this text. */
export const stack = (text: string): Statement[] => definition(`function f {\nstack {\n${text}\n}\n}`).stack ?? []

/** The only statement of a stack with this text. */
export function statement(text: string): Statement {
  const [only, ...rest] = stack(text)
  if (only === undefined || rest.length > 0) throw new Error(`${rest.length + 1} statements in ${text}`)
  return only
}

/** Messages of a severity with their positions: `3:5 message`. */
export const messages = (problems: readonly SyntaxProblem[], severity: SyntaxProblem['severity'] = 'error'): string[] =>
  problems.filter((p) => p.severity === severity).map((p) => `${p.line}:${p.column} ${p.message}`)
