/**
 * Follows the inputs of an endpoint through its stack, and through the functions it runs: which rows they pick, which checks stand between, what comes
 * out. An approximation on the safe side: what it does not understand proves nothing.
 */
import { bypassReason } from '../../../definitions/access.js'
import type { Block, Definition, Statement } from '../../../lang/tree.js'
import { type Access, isBackground, operations, secretColumns } from './access.js'
import { authTableOf, type SecurityContext } from './context.js'
import { type Place, readAccess } from './flow-access.js'
import { type Addon, addonsOf } from './flow-addons.js'
import { codeLabelsOf } from './flow-code.js'
import { Facts } from './flow-facts.js'
import { inputsOf } from './flow-inputs.js'
import { resultOf } from './flow-result.js'
import { type Sink, sinksOf } from './flow-sinks.js'
import { type DirectQuery, tablesInSql } from './flow-sql.js'
import { mergeVariables, State, type Variable } from './flow-state.js'
import { both, isInput, type Label, type Labels, labelsOf, nothing, type Proof, union } from './labels.js'
import { argument, constantArgument, nameInHead, ownExprs, rootVariable, variableName } from './syntax.js'

export interface Flow {
  readonly accesses: readonly Access[]
  /** What leaves: the response and every `return`, with what was proven there. */
  readonly answers: readonly { labels: Labels; at: Statement | undefined; isProven(access: Access): boolean }[]
  /** Tokens issued, with the labels of the id that nothing proves. */
  readonly tokens: readonly { at: Statement; unproven: Labels }[]
  /** Arguments that must not be the caller's, with where they come from. */
  readonly sinks: readonly Sink[]
  /** SQL of builders that names tables of the workspace. */
  readonly queries: readonly DirectQuery[]
  /** Nobody gets to the end without a check of their role. */
  readonly checksRole: boolean
  /** There were more ways through it than are followed. */
  readonly incomplete: boolean
}

const known = new WeakMap<SecurityContext, WeakMap<Definition, Flow>>()

/** The flow of an endpoint; the same object for the same definition and context. */
export function flowOf(definition: Definition, context: SecurityContext): Flow {
  const flows = known.get(context) ?? new WeakMap<Definition, Flow>()
  known.set(context, flows)
  let flow = flows.get(definition)
  if (flow === undefined) {
    flow = new Analysis(definition, context).result
    flows.set(definition, flow)
  }
  return flow
}

/** How deep calls of functions are followed. */
const maxDepth = 12
/** Statements followed for one endpoint; loops and calls count each time. */
const maxStatements = 20_000
interface Frame extends Place {
  depth: number
  /** Collects what the function returns. */
  returns: Variable[]
}

class Analysis {
  readonly #facts: Facts
  readonly #answers: { labels: Labels; at: Statement | undefined; isProven(access: Access): boolean }[] = []
  readonly #tokens: { at: Statement; unproven: Labels }[] = []
  readonly #sinks: Sink[] = []
  readonly #queries: DirectQuery[] = []
  readonly #calls = new Set<string>()
  readonly #checksRole: boolean
  #followed = 0
  #cut = false

  constructor(definition: Definition, context: SecurityContext) {
    this.#facts = new Facts(context, authTableOf(definition))
    // Nobody declares what is inside json.
    const undeclared = (definition.input ?? []).filter((field) => field.type === 'json')
    const state = new State([
      ['input', { labels: labelsOf('in:*'), whole: 'input' }],
      ...undeclared.map(({ name }): [string, Variable] => [`input.${name}`, { labels: labelsOf(`in:${name}`), whole: 'raw' }]),
    ])
    const frame: Frame = { at: undefined, inside: '', depth: 0, bypasses: bypassReason(definition) !== null, returns: [] }
    this.#stack(definition.stack ?? [], state, frame)
    this.#checksRole = state.authorized
    if (definition.response !== undefined && !state.ended) this.#answer(this.#facts.labels(definition.response, state), undefined, state)
  }

  get result(): Flow {
    return {
      accesses: this.#facts.accesses.filter(({ id }) => !this.#isDropped(id)),
      answers: this.#answers,
      tokens: this.#tokens,
      sinks: this.#sinks,
      queries: this.#queries,
      checksRole: this.#checksRole,
      incomplete: this.#cut || this.#followed > maxStatements,
    }
  }

  #answer(labels: Labels, at: Statement | undefined, state: State): void {
    const proven = new Set(state.proven)
    const { authorized } = state
    this.#answers.push({ labels, at, isProven: (access) => authorized || access.own || access.ruled || proven.has(`row:${access.id}`) })
  }

  #stack(statements: readonly Statement[], state: State, frame: Frame): void {
    for (const statement of statements) {
      if (state.ended || ++this.#followed > maxStatements) return
      if (statement.disabled !== true) this.#statement(statement, state, frame)
    }
  }

  #statement(statement: Statement, state: State, frame: Frame): void {
    const { name } = statement
    for (const { kind, expr } of sinksOf(statement))
      this.#sinks.push({ kind, labels: this.#facts.labels(expr, state), lead: this.#facts.lead(expr, state), statement, at: frame.at ?? statement })
    if (name in operations) {
      this.#access(statement, state, frame)
      return
    }
    switch (name) {
      case 'var':
      case 'var.update':
        this.#assign(statement, state)
        return
      case 'precondition':
        this.#precondition(statement, state)
        return
      case 'conditional':
        this.#conditional(statement, state, frame)
        return
      case 'switch':
        this.#switch(statement, state, frame)
        return
      case 'foreach':
      case 'for':
      case 'while':
      case 'foreach.remove':
        this.#loop(statement, state, frame)
        return
      case 'try_catch':
        this.#tryCatch(statement, state, frame)
        return
      case 'group':
      case 'db.transaction':
        for (const block of statement.blocks) this.#stack(block.statements, state, frame)
        return
      case 'return':
        this.#return(statement, state, frame)
        return
      case 'throw':
      case 'break':
      case 'continue':
      case 'debug.stop':
        state.ended = true
        return
      case 'function.run':
      case 'function.call':
        this.#call(statement, state, frame)
        return
      case 'security.create_auth_token':
      case 'security.create_session':
        this.#token(statement, state, frame)
        return
      default:
        this.#other(statement, state, frame)
        return
    }
  }

  #store(statement: Statement, variable: Variable, state: State): void {
    if (statement.as === undefined) return
    const [root = '', ...path] = statement.as.name.split('.')
    const filters = union(...statement.as.filters.flatMap((filter) => filter.args.map((arg) => this.#facts.labels(arg, state))))
    if (path.length > 0) state.extend(root, union(variable.labels, filters))
    else state.assign(root, { ...variable, labels: union(variable.labels, filters) })
  }

  #assign(statement: Statement, state: State): void {
    const value = argument(statement, 'value')
    const target = statement.head[0]
    const root = rootVariable(target)
    if (root === undefined) return
    if (variableName(target) === undefined) {
      const member = target?.type === 'member' && variableName(target.object) === root ? target.name : undefined
      state.extend(root, value === undefined ? nothing : this.#facts.labels(value, state), member)
      return
    }
    state.assign(root, value === undefined ? { labels: nothing } : this.#facts.variable(value, state))
  }

  #precondition(statement: Statement, state: State): void {
    const condition = statement.head[0] ?? statement.condition
    if (condition === undefined) return
    if (condition.type === 'constant' && condition.name === 'false') {
      state.ended = true
      return
    }
    state.accept(this.#facts.evidence(condition, state).ifTrue)
  }

  #conditional(statement: Statement, state: State, frame: Frame): void {
    const branches: State[] = []
    // Each branch runs when its own condition holds and those before it did not.
    let failed: Proof = nothing
    let hasElse = false
    for (const block of statement.blocks) {
      const branch = state.copy()
      branch.accept(failed)
      if (block.head !== undefined) {
        const evidence = this.#facts.evidence(block.head, state)
        branch.accept(evidence.ifTrue)
        failed = both(failed, evidence.ifFalse)
      } else hasElse = true
      this.#stack(block.statements, branch, frame)
      branches.push(branch)
    }
    if (!hasElse) {
      const skipped = state.copy()
      skipped.accept(failed)
      branches.push(skipped)
    }
    state.join(branches)
  }

  #switch(statement: Statement, state: State, frame: Frame): void {
    const branches = [state.copy()]
    for (const block of statement.blocks) {
      const branch = state.copy()
      this.#stack(block.statements, branch, frame)
      branches.push(branch)
    }
    state.join(branches)
  }

  #loop(statement: Statement, state: State, frame: Frame): void {
    const source = statement.head[0]
    const items = source === undefined ? nothing : this.#facts.labels(source, state)
    // Twice, so that what one turn assigns is seen by the next.
    for (let turn = 0; turn < 2; turn++)
      for (const block of statement.blocks) {
        const inner = state.copy()
        if (block.as !== undefined) inner.assign(block.as, { labels: items })
        if (turn === 0) this.#dry(() => this.#stack(block.statements, inner, frame))
        else this.#stack(block.statements, inner, frame)
        state.mayHaveRun(inner)
      }
  }

  /** Runs without keeping what it found, to learn what variables become. */
  #dry(run: () => void): void {
    const accesses = this.#facts.accesses.length
    const [answers, tokens, sinks, queries] = [this.#answers.length, this.#tokens.length, this.#sinks.length, this.#queries.length]
    run()
    this.#sinks.length = sinks
    this.#queries.length = queries
    this.#answers.length = answers
    this.#tokens.length = tokens
    // Rows keep their numbers: variables may hold them.
    this.#dropped.push([accesses, this.#facts.accesses.length])
  }

  readonly #dropped: [number, number][] = []

  #isDropped(id: number): boolean {
    return this.#dropped.some(([from, to]) => id >= from && id < to)
  }

  #tryCatch(statement: Statement, state: State, frame: Frame): void {
    const blockOf = (name: string): Block | undefined => statement.blocks.find((block) => block.name === name)
    const tried = state.copy()
    this.#stack(blockOf('try')?.statements ?? [], tried, frame)
    const caught = state.copy()
    caught.mayHaveRun(tried)
    this.#stack(blockOf('catch')?.statements ?? [], caught, frame)
    state.join([tried, caught])
    if (!state.ended) this.#stack(blockOf('finally')?.statements ?? [], state, frame)
  }

  #return(statement: Statement, state: State, frame: Frame): void {
    const value = argument(statement, 'value') ?? statement.head[0]
    const labels = value === undefined ? nothing : this.#facts.labels(value, state)
    if (frame.depth === 0) this.#answer(labels, statement, state)
    else frame.returns.push(value === undefined ? { labels } : this.#facts.variable(value, state))
    state.ended = true
  }

  #call(statement: Statement, state: State, frame: Frame): void {
    const name = nameInHead(statement)
    const callee = this.#facts.context.functions.get(name)
    const input = argument(statement, 'input')
    const given = input === undefined ? nothing : this.#facts.labels(input, state)
    if (callee === undefined || frame.depth >= maxDepth || this.#calls.has(name)) {
      this.#cut ||= callee !== undefined && frame.depth >= maxDepth
      this.#store(statement, { labels: given }, state)
      return
    }
    const { inner, returns } = this.#run(callee, inputsOf(callee, input, this.#facts, state), statement, state, frame)
    // Whoever comes back from a call has passed its checks; nobody waits for one in the background.
    if (returns.length > 0 && statement.name === 'function.run' && !isBackground(statement) && !inner.ended)
      state.accept(inner.authorized ? 'all' : inner.proven)
    this.#store(statement, mergeVariables(returns), state)
  }

  #run(callee: Definition, inputs: [string, Variable][], at: Statement, state: State, frame: Frame) {
    this.#calls.add(callee.name)
    const inner = state.enter(inputs)
    const bypasses = frame.bypasses && callee.kind === 'addon' ? true : bypassReason(callee) !== null
    const called: Frame = { at: frame.at ?? at, inside: callee.name, depth: frame.depth + 1, bypasses, returns: [] }
    this.#stack(callee.stack ?? [], inner, called)
    if (callee.response !== undefined && !inner.ended) called.returns.push(this.#facts.variable(callee.response, inner))
    this.#calls.delete(callee.name)
    return { inner, returns: called.returns }
  }

  #token(statement: Statement, state: State, frame: Frame): void {
    const id = argument(statement, 'id')
    const table = constantArgument(statement, 'table', 'dbtable')
    const labels = id === undefined ? nothing : this.#facts.labels(id, state)
    this.#tokens.push({ at: frame.at ?? statement, unproven: this.#facts.unproven(labels, String(table ?? ''), state) })
    this.#store(statement, { labels: nothing }, state)
  }

  #other(statement: Statement, state: State, frame: Frame): void {
    const labels = union(codeLabelsOf(statement, this.#facts.reader(state)), ...ownExprs(statement).map((expr) => this.#facts.labels(expr, state)))
    const tables = tablesInSql(statement, this.#facts.context.tables)
    if (tables.length > 0) this.#queries.push({ at: frame.at ?? statement, tables, labels, unauthorized: !state.authorized && state.proven.size === 0 })
    const changed = rootVariable(statement.head[0])
    if (changed !== undefined && /^(?:array|object|math|text)\./.test(statement.name)) {
      const added = /^array\.(?:push|unshift|merge)$/.test(statement.name) ? argument(statement, 'value') : undefined
      state.extend(changed, labels)
      // A list holds what was put into it.
      if (added !== undefined) state.assign(changed, mergeVariables([state.variables.get(changed), this.#facts.variable(added, state)]))
    }
    for (const block of statement.blocks) {
      const inner = state.copy()
      if (block.as !== undefined) inner.assign(block.as, { labels })
      this.#stack(block.statements, inner, frame)
      state.mayHaveRun(inner)
    }
    this.#store(statement, resultOf(statement, labels, this.#facts, state), state)
  }

  #access(statement: Statement, state: State, frame: Frame): void {
    const table = this.#facts.context.tables.get(nameInHead(statement))
    const args = union(...ownExprs(statement).map((expr) => this.#facts.labels(expr, state)))
    if (table === undefined) {
      this.#store(statement, { labels: args }, state)
      return
    }
    const { access, pinned } = readAccess(statement, table, frame, this.#facts, state)
    const { id, operation, own } = access
    this.#facts.accesses.push(access)
    if (pinned) state.proven.add(`row:${id}`)
    if (operation === 'add') {
      this.#store(statement, { labels: nothing }, state)
      return
    }
    const labels = new Set<Label>([`row:${id}`])
    if (own) labels.add('own')
    for (const addon of addonsOf(statement)) for (const label of this.#addon(addon, statement, state, frame)) labels.add(label)
    if (operation !== 'count') for (const secret of access.secrets) labels.add(`secret:${table.name}.${secret}`)
    this.#store(statement, { labels, ...(operation === 'count' && own ? { evidence: { ifTrue: this.#facts.closure(id), ifFalse: nothing } } : {}) }, state)
  }

  /** What an addon brings. Rows that `$output` picks are no choice of the caller's: they hang on rows that are looked at themselves. */
  #addon({ name, input, output }: Addon, statement: Statement, state: State, frame: Frame): Labels {
    const addon = this.#facts.context.addons.get(name)
    if (addon === undefined || frame.depth >= maxDepth || this.#calls.has(name)) return nothing
    const first = this.#facts.accesses.length
    this.#run(addon, inputsOf(addon, input, this.#facts, state), statement, state, frame)
    return new Set(
      this.#facts.accesses
        .slice(first)
        .flatMap(({ id, table, keys }) => [
          ...(keys.some(({ labels }) => [...labels].some(isInput)) ? [`row:${id}`] : []),
          ...[...secretColumns(output, table)].map((column) => `secret:${table.name}.${column}`),
        ]),
    )
  }
}
