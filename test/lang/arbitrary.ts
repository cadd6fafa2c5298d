/** Arbitrary trees that have a spelling: what property tests print and read again. */
import fc from 'fast-check'
import { isPlainDefault } from '../../src/lang/names.js'
import { binaryLevels, takesIgnoreNull } from '../../src/lang/operators.js'
import type { Attribute, Block, Definition, Expr, Field, InputFilter, Statement, Target, TestBlock } from '../../src/lang/tree.js'

const reserved = new Set([
  'true',
  'false',
  'null',
  'now',
  'var',
  'if',
  'as',
  'in',
  'not',
  'between',
  'contains',
  'like',
  'ilike',
  'includes',
  'overlaps',
  'filters',
  'env',
])
const ident = fc
  .oneof(
    fc.constantFrom('a', 'name', 'value', 'query', 'items', 'x1', '_y', 'total', 'output', 'input', 'stack', 'test'),
    fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,6}$/),
  )
  .filter((s) => !reserved.has(s))
const text = fc.oneof(
  fc.string({ maxLength: 12, unit: 'binary' }),
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '',
    'a\nb',
    '"""\nx\n  y\n',
    'line one\n  line two\n\n"""quoted"""',
    "it's",
    'C:\\dir\\n',
    '\\"""\nx',
    "'''",
    '// no\n# comment',
    '\r\n',
    '---\n---',
    '{{ $x }}',
  ),
)
const numberText = fc.oneof(
  fc.integer().map(String),
  fc.tuple(fc.integer({ min: -999, max: 999 }), fc.nat(999)).map(([a, b]) => `${a}.${b}`),
)
const timestamp = fc.constantFrom('2025-01-01 00:00:00+0000', '1999-12-31 23:59:59-0800')
const description = fc
  .option(
    fc
      .array(fc.constantFrom('what it does', '  indented', 'a // b', 'ends with """', '', 'x'), { minLength: 1, maxLength: 3 })
      .map((lines) => lines.join('\n')),
    { nil: undefined, freq: 4 },
  )
  .map((d) => (d === undefined || d.trim() === '' ? undefined : d))

/** Leaves out members that are undefined, as the reader does. */
function compact<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T
}
const flag = fc.option(fc.constant(true as const), { nil: undefined })

const variableName = fc.oneof(ident, fc.constantFrom('$', '0', '12', '[-2]', '[3]', 'env', 'input'))
const memberName = fc.oneof(ident, fc.constantFrom('0', '12', 'two words', 'a.b', '$x', 'true', 'null'))

const { expr } = fc.letrec<{ expr: Expr; leaf: Expr; path: Expr }>((tie) => ({
  leaf: fc.oneof(
    text.map((value): Expr => ({ type: 'text', value })),
    numberText.map((t): Expr => ({ type: 'number', text: t })),
    fc.constantFrom('true' as const, 'false' as const, 'null' as const, 'now' as const).map((name): Expr => ({ type: 'constant', name })),
    timestamp.map((t): Expr => ({ type: 'timestamp', text: t })),
    ident.map((value): Expr => ({ type: 'word', value })),
    fc.constantFrom('a.b', '1024x768').map((value): Expr => ({ type: 'word', value })),
    variableName.map((name): Expr => ({ type: 'variable', name })),
    fc.constant<Expr>({ type: 'member', object: { type: 'variable', name: 'env' }, name: '$remote_ip' }),
    fc.record({ type: fc.constant('cast' as const), to: fc.constantFrom('int', 'expr', 'timestamp'), text }),
  ),
  path: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    variableName.map((name): Expr => ({ type: 'variable', name })),
    fc.tuple(tie('path'), memberName).map(([object, name]): Expr => ({ type: 'member', object, name })),
    fc.tuple(tie('path'), tie('expr')).map(([object, index]): Expr => ({ type: 'index', object, index })),
  ),
  expr: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    tie('path'),
    fc
      .tuple(
        tie('expr'),
        memberName.filter((n) => !n.startsWith('$')),
      )
      .map(([object, name]): Expr => ({ type: 'member', object, name })),
    fc.record({ type: fc.constant('index' as const), object: tie('expr'), index: tie('expr') }),
    fc
      .tuple(fc.option(tie('expr'), { nil: null }), ident, fc.array(tie('expr'), { maxLength: 3 }), flag)
      .map(([input, name, args, disabled]): Expr => compact({ type: 'filter', input, name, args, disabled })),
    fc.record({ type: fc.constant('unary' as const), op: fc.constantFrom('!' as const, '-' as const), operand: tie('expr') }),
    fc.tuple(fc.constantFrom(...binaryLevels.keys()), tie('expr'), tie('expr'), tie('expr'), flag).map(([op, left, right, high, ignoreNull]): Expr => {
      const value: Expr = op.endsWith('between') ? { type: 'pair', low: right, high } : right
      return compact({ type: 'binary', op, left, right: value, ignoreNull: takesIgnoreNull(op) ? ignoreNull : undefined })
    }),
    fc.tuple(tie('expr'), tie('expr'), tie('expr')).map(([test, then, otherwise]): Expr => ({ type: 'ternary', test, then, else: otherwise })),
    fc
      .array(
        fc.oneof(
          tie('expr'),
          tie('expr').map((value) => ({ type: 'spread' as const, value })),
        ),
        { maxLength: 3 },
      )
      .map((items): Expr => ({ type: 'list', items })),
    fc
      .uniqueArray(
        fc.oneof(
          fc
            .tuple(fc.oneof(ident, text, fc.constantFrom('two words', 'a.b', '__proto__', '1')), tie('expr'))
            .map(([key, value]) => ({ type: 'entry' as const, key, value })),
          fc.tuple(tie('expr'), tie('expr')).map(([key, value]) => ({ type: 'computed' as const, key, value })),
          tie('expr').map((value) => ({ type: 'spread' as const, value })),
        ),
        { maxLength: 3, selector: (entry) => (entry.type === 'entry' ? entry.key : {}), comparator: (a, b) => a === b },
      )
      .map((entries): Expr => ({ type: 'object', entries })),
  ),
}))

/** Any expression. */
export const arbitraryExpr: fc.Arbitrary<Expr> = expr.map(normal)

/** The reader never answers these: `$var.x` is `$x`, a unary minus before digits is part of the number. */
function normal(e: Expr): Expr {
  return JSON.parse(JSON.stringify(e), (_key, node: unknown) => {
    const member = node as Partial<Extract<Expr, { type: 'member' }>> | null
    if (member?.type === 'member' && member.object?.type === 'variable' && member.object.name === 'var') return { type: 'variable', name: 'v' }
    return node
  }) as Expr
}

const attribute: fc.Arbitrary<Attribute> = fc.tuple(ident, arbitraryExpr, description).map(([name, value, d]) => compact({ name, value, description: d }))
const attributes = (except: readonly string[] = []): fc.Arbitrary<Attribute[]> =>
  fc.uniqueArray(
    attribute.filter((a) => !except.includes(a.name)),
    { maxLength: 3, selector: (a) => a.name },
  )

const headAttribute: fc.Arbitrary<Attribute> = fc
  .tuple(
    fc.constantFrom('verb', 'dbo'),
    fc.oneof(
      text.map((value): Expr => ({ type: 'text', value })),
      fc.constantFrom<Expr>({ type: 'text', value: 'GET' }, { type: 'number', text: '36' }, { type: 'constant', name: 'true' }),
    ),
  )
  .map(([name, value]) => ({ name, value }))

const target: fc.Arbitrary<Target> = fc.record({
  name: fc.oneof(
    ident,
    fc.tuple(ident, ident).map((parts) => parts.join('.')),
  ),
  filters: fc.array(
    fc
      .tuple(ident, fc.array(arbitraryExpr, { maxLength: 2 }), flag)
      .map(([name, args, disabled]) => compact<Target['filters'][number]>({ name, args, disabled })),
    { maxLength: 2 },
  ),
})

const statementName = fc.constantFrom('var', 'db.query', 'array.push', 'foreach', 'break', 'while', 'unknown.thing', 'math.bitwise.and', 'api.call')
const blockName = fc.constantFrom('stack', 'each', 'if', 'elseif', 'else', 'case', 'default', 'try', 'catch', 'finally')

const { statement } = fc.letrec<{ statement: Statement; block: Block }>((tie) => ({
  statement: fc
    .tuple(
      statementName,
      flag,
      description,
      fc.array(arbitraryExpr, { maxLength: 2 }),
      fc.array(headAttribute, { maxLength: 2 }),
      fc.option(arbitraryExpr, { nil: undefined, freq: 3 }),
      attributes(),
      fc.oneof({ maxDepth: 2 }, fc.constant<Block[]>([]), fc.array(tie('block'), { maxLength: 2 })),
      fc.option(target, { nil: undefined }),
    )
    .map(([name, disabled, d, head, headAttributes, condition, args, blocks, as]) =>
      compact<Statement>({ name, disabled, description: d, head, headAttributes, condition, args, blocks, as }),
    ),
  block: fc
    .tuple(
      blockName,
      description,
      fc.option(arbitraryExpr, { nil: undefined }),
      fc.option(ident, { nil: undefined }),
      fc.array(tie('statement'), { maxLength: 2 }),
      flag,
      description,
    )
    .map(([name, d, head, as, statements, breaks, trailing]) =>
      compact<Block>({ name, description: d, head, as, statements, breaks: name === 'case' || name === 'default' ? breaks : undefined, trailing }),
    ),
}))

const inputFilter: fc.Arbitrary<InputFilter> = fc
  .tuple(
    fc.constantFrom('trim', 'min', 'pattern', '@', 'ok'),
    fc.array(
      fc.oneof(
        fc.constantFrom('1', '^[a-z]+$', 'dbo=36', 'a-b', '^(a|b):c$', '^\\d{3}$').map((t) => ({ text: t, style: 'raw' as const })),
        text.map((t) => ({ text: t, style: 'quoted' as const })),
        fc.constantFrom({ text: '^x[/]\\/$', style: 'regex' as const, flags: 'i' }, { text: 'a b', style: 'regex' as const }),
      ),
      { maxLength: 2 },
    ),
    flag,
  )
  // A raw regular expression keeps its colons, so only a quoted argument can follow it.
  .filter(([, args]) => !(args[0]?.style === 'raw' && args[0].text.startsWith('^') && args[1] !== undefined && args[1].style !== 'quoted'))
  .map(([name, args, disabled]) => compact({ name, args, disabled }))

const plainDefault: fc.Arbitrary<Expr> = fc.oneof(
  arbitraryExpr.filter((e) => e.type !== 'word'),
  fc
    .constantFrom('1024x1024', 'draft', 'a-b', '5%', '12:30')
    .filter(isPlainDefault)
    .map((value): Expr => ({ type: 'word', value })),
)

const { field } = fc.letrec<{ field: Field }>((tie) => ({
  field: fc
    .tuple(
      fc.tuple(fc.constantFrom('text', 'int', 'object', 'json', 'enum'), fc.oneof(ident, fc.constant('two words'))),
      fc.option(fc.record({ min: fc.nat(9), max: fc.nat(9) }, { requiredKeys: [] }), { nil: undefined }),
      flag,
      flag,
      fc.option(plainDefault, { nil: undefined }),
      fc.array(inputFilter, { maxLength: 2 }),
      attributes(['schema']),
      fc.oneof({ maxDepth: 1 }, fc.constant(undefined), fc.uniqueArray(tie('field'), { maxLength: 2, selector: (f) => f.name })),
      description,
    )
    .map(([[type, name], list, nullable, optional, value, filters, options, fields, d]) =>
      compact<Field>({ name, type, list, nullable, optional: value === undefined ? optional : true, default: value, filters, options, fields, description: d }),
    ),
}))
const fields = fc.option(fc.uniqueArray(field, { maxLength: 3, selector: (f) => f.name }), { nil: undefined })

const test: fc.Arbitrary<TestBlock> = fc
  .tuple(text, description, attributes(), fc.array(statement, { maxLength: 2 }))
  .map(([name, d, a, expectations]) => compact({ name, description: d, attributes: a, expectations }))

const clauses = ['schema', 'input', 'output', 'stack', 'response', 'test']

/** Any definition. */
export const arbitraryDefinition: fc.Arbitrary<Definition> = fc
  .tuple(
    fc.tuple(
      fc.constantFrom('function', 'query', 'table', 'run.job', 'unheard_of'),
      fc.oneof(ident, text, fc.constantFrom('user/{user_id}/posts', '{id}', 'a-b', 'books/{id}', 'x{y', '//', 'a//b')),
    ),
    description,
    fc.array(headAttribute, { maxLength: 1 }),
    attributes([...clauses, 'views']),
    fields,
    fields,
    fields,
    fc.option(fc.tuple(fc.array(statement, { maxLength: 3 }), description), { nil: undefined }),
    fc.option(arbitraryExpr, { nil: undefined }),
    fc.array(test, { maxLength: 1 }),
    fc.array(fc.record({ name: fc.constantFrom('settings', 'security'), attributes: attributes() }), { maxLength: 2 }),
  )
  .map(([[kind, name], d, headAttributes, a, schema, input, output, stackAndTrailing, response, tests, groups]) =>
    compact<Definition>({
      kind,
      name,
      description: d,
      headAttributes,
      attributes: a,
      schema,
      input,
      output,
      stack: stackAndTrailing?.[0],
      stackTrailing: stackAndTrailing?.[1],
      response,
      tests,
      groups,
      clauseDescriptions: response === undefined ? undefined : { response: 'what it answers' },
    }),
  )
