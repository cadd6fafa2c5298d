/** Statement trees to actions: checks what the builder wrote against the spec, then lets the spec compile itself. */
import { type AppError, fatal } from '../errors.js'
import type { Attribute, Block, Expr, Statement, Target } from '../lang/tree.js'
import type { Value } from '../lib/value.js'
import { buildBody, type CompiledStep } from './compile-block.js'
import { compileNode } from './compile-expression.js'
import { applyFilter, compileSelfUpdate } from './compile-filter.js'
import { compileLambda } from './compile-lambda.js'
import { compileNamedPlace, compilePlace, declare, isReadOnly, plainVariable } from './compile-place.js'
import { constant, escaping } from './compiled.js'
import type { Action, ArgumentSpec, Body, InlinedStep, Lambda, Place, StatementSpec, Step, Workspace } from './define.js'
import { compileBorrow, compileEscape, compileTest, type ExpressionCompiler } from './expression.js'
import type { Evaluate, Frame } from './frame.js'
import { getMember, nameSegment } from './path.js'
import { type ProgramProblem, suggestionHint } from './problem.js'
import { isReservedStatement } from './reserved.js'
import { type Candidate, type Lexical, type RemoveElement, Scope, topLevel } from './scope.js'

export interface StatementCompiler extends ExpressionCompiler {
  readonly workspace: Workspace
  readonly document: string
}

/** Arguments that any statement may carry. */
const commonArguments = ['description', 'disabled', 'mock']

/** The statements of a block as one body. */
export function compileStatements(c: StatementCompiler, statements: readonly Statement[], at: Lexical): Body {
  const steps: CompiledStep[] = []
  for (const statement of statements) {
    if (statement.disabled || isDisabled(statement)) continue
    const step = compileStatement(c, statement, at)
    if (step) steps.push(step)
  }
  return buildBody(steps)
}

const isDisabled = (statement: Statement): boolean =>
  statement.args.some((arg) => arg.name === 'disabled' && arg.value.type === 'constant' && arg.value.name === 'true')

function compileStatement(c: StatementCompiler, statement: Statement, at: Lexical): CompiledStep | null {
  const spec = c.registry.findStatement(statement.name)
  if (!spec) {
    reportUnknown(c, statement)
    return null
  }
  try {
    const step = new StatementStep(c, statement, spec, at)
    step.check()
    const action = withMock(c, step, spec.compile(step), at)
    return {
      action,
      position: { document: c.document, ...(statement.line === undefined ? {} : { line: statement.line }), statement: statement.name },
      writes: step.writes,
    }
  } catch (error) {
    if (!c.sink.collects || !(error instanceof StepFailure)) throw error
    return null
  }
}

/** Thrown after a problem was collected that leaves nothing to compile. */
class StepFailure extends Error {}

function report(c: StatementCompiler, statement: Statement, problem: Omit<ProgramProblem, 'severity'> & { severity?: 'warning' }): void {
  c.sink.report({
    severity: 'error',
    statement: statement.name,
    ...(statement.at === undefined ? {} : { at: statement.at }),
    ...(statement.line === undefined ? {} : { line: statement.line }),
    ...problem,
  })
}

function reportUnknown(c: StatementCompiler, statement: Statement): void {
  if (isReservedStatement(statement.name)) report(c, statement, { message: `not supported yet: ${statement.name}`, unsupported: true })
  else report(c, statement, { message: `Unknown statement: ${statement.name}`, ...suggestionHint(statement.name, c.registry.statementNames()) })
}

/** Answers the mock of the unit test that runs instead of executing. */
function withMock(c: StatementCompiler, step: StatementStep, action: Action, at: Lexical): Action {
  const mock = step.statement.args.find((arg) => arg.name === 'mock')
  if (mock?.value.type !== 'object') return action
  const answers = new Map<string, Evaluate>()
  for (const entry of mock.value.entries) if (entry.type === 'entry') answers.set(entry.key, compileEscape(c, entry.value, at))
  const answer = (frame: Frame): boolean => {
    const read = frame.run.test === undefined ? undefined : answers.get(frame.run.test)
    if (!read) return false
    step.store(frame, read(frame))
    return true
  }
  if (action.async) return { async: true, run: async (frame) => (answer(frame) ? undefined : action.run(frame)) }
  return { async: false, run: (frame) => (answer(frame) ? undefined : action.run(frame)) }
}

class StatementStep implements Step {
  readonly statement: Statement
  readonly workspace: Workspace
  readonly stores: boolean
  /** Slot of the variable the statement writes. */
  writes: number | null = null
  private readonly c: StatementCompiler
  private readonly spec: StatementSpec
  private at: Lexical
  private readonly args = new Map<string, Attribute[]>()
  private readonly storeResult: ((frame: Frame, value: Value) => void) | null

  constructor(c: StatementCompiler, statement: Statement, spec: StatementSpec, at: Lexical) {
    this.c = c
    this.statement = statement
    this.workspace = c.workspace
    this.spec = spec
    this.at = at
    for (const attribute of [...statement.headAttributes, ...statement.args]) {
      const name = this.canonical(attribute.name)
      this.args.set(name, [...(this.args.get(name) ?? []), attribute])
    }
    this.stores = statement.as !== undefined
    this.storeResult = statement.as ? this.compileTarget(statement.as) : null
  }

  private canonical(name: string): string {
    const specs = this.spec.args ?? {}
    if (Object.hasOwn(specs, name)) return name
    return Object.keys(specs).find((known) => specs[known]?.aliases?.includes(name)) ?? name
  }

  private argument(name: string): ArgumentSpec | undefined {
    const specs = this.spec.args ?? {}
    return Object.hasOwn(specs, name) ? specs[name] : undefined
  }

  // Checks

  check(): void {
    this.checkArguments()
    this.checkBlocks()
    const { head, condition } = this.spec
    if (head && head.required !== false && this.statement.head.length === 0) this.problem(`${this.spec.name} needs ${article(head.kind)}: ${head.summary}`)
    if (!head && this.statement.head.length > 0) this.problem(`${this.spec.name} takes nothing between its name and the block.`)
    if (condition === 'required' && !this.statement.condition) this.problem(`${this.spec.name} needs a condition: if (…)`)
    if (!condition && this.statement.condition) this.problem(`${this.spec.name} takes no condition.`)
    if (this.statement.as && this.spec.result === undefined) this.warn(`${this.spec.name} has no result to store.`)
  }

  private checkArguments(): void {
    for (const [name, attributes] of this.args) {
      const spec = this.argument(name)
      const [first] = attributes
      if (!spec && !commonArguments.includes(name)) {
        const hint = suggestionHint(name, [...Object.keys(this.spec.args ?? {}), ...commonArguments])
        this.problem(`${this.spec.name} has no argument "${name}".`, { ...hint, ...(first?.at === undefined ? {} : { at: first.at }) })
      } else if (attributes.length > 1 && !spec?.repeat)
        this.problem(`The argument "${name}" appears twice.`, attributes[1]?.at === undefined ? {} : { at: attributes[1].at })
    }
    for (const [name, spec] of Object.entries(this.spec.args ?? {}))
      if (spec.required && !this.args.has(name)) this.problem(`${this.spec.name} needs the argument "${name}".`, { hint: spec.summary })
  }

  private checkBlocks(): void {
    const specs = this.spec.blocks ?? {}
    for (const block of this.statement.blocks) {
      if (!Object.hasOwn(specs, block.name)) this.problem(`${this.spec.name} has no block "${block.name}".`, suggestionHint(block.name, Object.keys(specs)))
    }
    for (const [name, spec] of Object.entries(specs)) {
      const blocks = this.statement.blocks.filter((block) => block.name === name)
      if (spec.required && blocks.length === 0) this.problem(`${this.spec.name} needs the block "${name}".`)
      if (blocks.length > 1 && !spec.repeat) this.problem(`The block "${name}" appears twice.`)
      for (const block of blocks) {
        if (spec.head && !block.head) this.problem(`The block "${name}" needs a value in parentheses.`)
        if (spec.as === 'required' && block.as === undefined) this.problem(`The block "${name}" needs a variable: ${name} as $item`)
      }
    }
  }

  private problem(message: string, extra: Partial<ProgramProblem> = {}): void {
    report(this.c, this.statement, { message, ...extra } as Omit<ProgramProblem, 'severity'>)
  }

  private warn(message: string): void {
    report(this.c, this.statement, { message, severity: 'warning' })
  }

  fail(message: string, hint?: string): never {
    this.problem(message, hint === undefined ? {} : { hint })
    throw new StepFailure(message)
  }

  later(error: AppError): () => never {
    const problem = { message: error.message, hint: error.hint, ...(error.kind === 'unsupported' ? { unsupported: true as const } : {}) }
    if (this.c.sink.collects) this.problem(problem.message, problem)
    return () => {
      throw error
    }
  }

  // Arguments

  has(arg: string): boolean {
    return this.args.has(arg)
  }

  value(arg: string): Evaluate {
    const tree = this.tree(arg)
    return tree ? compileEscape(this.c, tree, this.at) : constant(this.argument(arg)?.default ?? null).evaluate
  }

  constant(arg: string): Value | undefined {
    const tree = this.tree(arg)
    if (!tree) return undefined
    const compiled = this.c.node(tree, this.at)
    return compiled.constant === undefined ? this.fail(`The argument "${arg}" must be a constant.`) : compiled.constant
  }

  lazy(arg: string): Lambda {
    const tree = this.tree(arg)
    return tree ? compileLambda(this.c, tree, this.at, []) : (_frame, item) => item
  }

  tree(arg: string): Expr | undefined {
    const attributes = this.args.get(arg)
    const [first] = attributes ?? []
    if (!attributes || !first) return undefined
    return this.argument(arg)?.repeat ? repeated(attributes) : first.value
  }

  trees(): Map<string, Expr> {
    const out = new Map<string, Expr>()
    for (const name of Object.keys(this.spec.args ?? {})) {
      const tree = this.tree(name)
      if (tree) out.set(name, tree)
    }
    return out
  }

  update(arg: string): Evaluate {
    const [head] = this.statement.head
    const name = plainVariable(head)
    const tree = this.tree(arg)
    return (name !== null && tree && compileSelfUpdate(this.c, tree, name, this.at)) || this.value(arg)
  }

  condition(): Lambda {
    const { condition } = this.statement
    return condition ? compileLambda(this.c, condition, this.at, []) : this.fail(`${this.spec.name} needs a condition: if (…)`)
  }

  // Head

  private headTree(): Expr {
    return this.statement.head[0] ?? this.fail(`${this.spec.name} needs ${article(this.spec.head?.kind ?? 'value')}.`)
  }

  head(): Evaluate {
    return this.statement.head.length === 0 && this.spec.head?.required === false ? () => null : compileEscape(this.c, this.headTree(), this.at)
  }

  test(): (frame: Frame) => boolean {
    return compileTest(this.c, this.headTree(), this.at)
  }

  headRange(): { from: Evaluate; to: Evaluate } | null {
    const tree = this.headTree()
    if (tree.type !== 'binary' || tree.op !== '..') return null
    return { from: compileBorrow(this.c, tree.left, this.at), to: compileBorrow(this.c, tree.right, this.at) }
  }

  headExists(): (frame: Frame) => boolean {
    const tree = this.headTree()
    const at = { ...this.at, nullSafe: true }
    if (tree.type === 'variable') {
      const slot = this.c.scope.slot(tree.name)
      return (frame) => frame.slots[slot] !== undefined
    }
    if (tree.type !== 'member') return () => true
    const base = compileBorrow(this.c, tree.object, at)
    const { name, index } = nameSegment(tree.name)
    return (frame) => getMember(base(frame), name, index) !== undefined
  }

  headName(): string {
    const tree = this.headTree()
    return tree.type === 'text' || tree.type === 'word' ? tree.value : this.fail(`${this.spec.name} needs a name, not an expression.`)
  }

  place(): Place {
    const place = compilePlace(this.c, this.headTree(), this.at)
    this.writes = place.slot
    return place
  }

  subjectPlace(): Place | null {
    let root = this.headTree()
    while (root.type === 'member' || root.type === 'index') root = root.object
    if (root.type !== 'variable' || isReadOnly(root.name)) return null
    return compilePlace(this.c, this.headTree(), this.at)
  }

  // Blocks

  bodies(name: string): ReturnType<Step['bodies']> {
    const spec = this.spec.blocks?.[name]
    return this.statement.blocks
      .filter((block) => block.name === name)
      .map((block) => ({
        head: block.head && spec?.head === 'value' ? compileBorrow(this.c, block.head, this.at) : null,
        test: block.head && spec?.head === 'condition' ? compileTest(this.c, block.head, this.at) : null,
        store: this.blockStore(block),
        breaks: block.breaks === true,
        body: compileStatements(this.c, block.statements, this.inside(name)),
      }))
  }

  body(name: string): Body {
    return this.bodies(name)[0]?.body ?? buildBody([])
  }

  private blockStore(block: Block): ((frame: Frame, value: Value) => void) | null {
    if (block.as === undefined) return null
    const slot = declare(this.c, block.as, block)
    return (frame, value) => {
      frame.slots[slot] = value
    }
  }

  private inside(name: string): Lexical {
    const spec = this.spec.blocks?.[name]
    return {
      ...this.at,
      ...(spec?.leaves ? { leaves: spec.leaves, loops: spec.leaves === 'loop' || this.at.loops } : {}),
      ...(spec?.caught ? { caught: true } : {}),
    }
  }

  onRemove(remove: RemoveElement): void {
    this.at = { ...this.at, remove }
  }

  remover(): RemoveElement | null {
    return this.at.remove
  }

  /** Whether `break` (`continue`) may stand here. */
  mayLeave(how: 'break' | 'continue'): boolean {
    return how === 'break' ? this.at.leaves !== null : this.at.loops
  }

  // Results

  store(frame: Frame, value: Value): void {
    this.storeResult?.(frame, value)
  }

  private compileTarget(target: Target): (frame: Frame, value: Value) => void {
    const place = compileNamedPlace(this.c, target.name, target)
    this.writes = place.slot
    if (target.filters.length === 0) return (frame, value) => place.write(frame, value)
    const holder = this.c.scope.hidden()
    let result = { evaluate: (frame: Frame) => frame.slots[holder] ?? null, roots: [] as readonly number[] }
    for (const filter of target.filters) {
      if (filter.disabled) continue
      const spec = this.c.registry.filter(filter.name)
      if (!spec) this.problem(`Unknown filter: ${filter.name}`, suggestionHint(filter.name, this.c.registry.filterNames()))
      else result = applyFilter(this.c, spec, { ...filter, ...(target.at === undefined ? {} : { at: target.at }) }, result, this.at)
    }
    const read = escaping(result)
    return (frame, value) => {
      frame.slots[holder] = value
      place.write(frame, read(frame))
      frame.slots[holder] = undefined
    }
  }

  hiddenSlot(): number {
    return this.c.scope.hidden()
  }

  variables(): ReadonlyMap<string, number> {
    return this.c.scope.slots
  }

  compileValue(expr: Expr): Evaluate {
    return compileEscape(this.c, expr, this.at)
  }

  compileBound(expr: Expr, name: string): (frame: Frame, value: Value) => Value {
    this.c.scope.written.add(name)
    const slot = this.c.scope.slot(name)
    const evaluate = compileEscape(this.c, expr, this.at)
    return (frame, value) => {
      const before = frame.slots[slot]
      frame.owners[slot] = null
      frame.slots[slot] = value
      try {
        return evaluate(frame)
      } finally {
        frame.slots[slot] = before
        frame.owners[slot] = null
      }
    }
  }

  passesThrough(): (frame: Frame) => boolean {
    const { as: target } = this.statement
    if (target === undefined || target.filters.length > 0 || target.name.includes('.')) return () => false
    const candidate: Candidate = { name: target.name, allowed: false }
    this.c.scope.candidates.push(candidate)
    return (frame) => candidate.allowed && frame.passThrough === true
  }

  inline(kind: string, name: string): InlinedStep {
    const { definition, inputs } = this.workspace.document(kind, name)
    const statements = (definition.stack ?? []).filter((statement) => !statement.disabled && !isDisabled(statement))
    const [statement] = statements
    const spec = statement === undefined ? undefined : this.c.registry.findStatement(statement.name)
    if (statement === undefined || spec === undefined || statements.length > 1)
      throw fatal(`The ${kind} "${name}" must have exactly one statement.`, { hint: 'Move other work to the stack that uses it.' })
    const declared = (definition.input ?? []).some((field) => field.type === 'dblink') ? null : new Set((definition.input ?? []).map((field) => field.name))
    const scope = new Scope()
    const inner: StatementCompiler = { ...this.c, scope, inputs: declared, document: `${kind} "${name}"`, node: (expr, at) => compileNode(inner, expr, at) }
    const step = new StatementStep(inner, statement, spec, topLevel)
    step.check()
    return {
      step,
      enter: (frame, input) => ({
        run: frame.run,
        slots: new Array<undefined>(scope.count).fill(undefined),
        owners: new Array<null>(scope.count).fill(null),
        input: inputs(input, { now: frame.run.clock.now() }),
        depth: frame.depth,
        returned: null,
        error: null,
        context: frame.context,
      }),
    }
  }

  compileAttributes(attributes: Attribute[]): Evaluate {
    const readers = attributes.map((attribute) => [attribute.name, compileEscape(this.c, attribute.value, this.at)] as const)
    return (frame) => new Map(readers.map(([name, read]) => [name, read(frame)]))
  }
}

const article = (kind: string): string =>
  kind === 'name' ? 'a name' : kind === 'variable' ? 'a variable' : kind === 'condition' ? 'a condition in parentheses' : 'a value'

/** All writings of a repeated argument as one list; a single list stands for itself. */
function repeated(attributes: readonly Attribute[]): Expr {
  const [first] = attributes
  if (attributes.length === 1 && first?.value.type === 'list') return first.value
  return { type: 'list', items: attributes.map((attribute) => attribute.value) }
}
