/**
 * Follows the inputs of an endpoint through its stack, and through the functions it runs: which rows they pick, which checks stand between, what comes
 * out. An approximation on the safe side: what it does not understand proves nothing.
 */
import { bypassReason } from '../../../definitions/access.js'
import type { Block, Definition, Expr, Statement } from '../../../lang/tree.js'
import { type Access, isPaged, operationOf, operations, secretColumns } from './access.js'
import { authTableOf, type SecurityContext } from './context.js'
import { noEvidence } from './flow-condition.js'
import { wholeInput } from './flow-expression.js'
import { Facts } from './flow-facts.js'
import { pickedBy } from './flow-picked.js'
import { resultOf } from './flow-result.js'
import { isRuled } from './flow-rules.js'
import { State, type Variable } from './flow-state.js'
import { both, type Evidence, eitherEvidence, type Label, type Labels, labelsOf, nothing, type Proof, union } from './labels.js'
import { argument, constantArgument, memberOf, nameInHead, ownExprs, rootVariable, variableName } from './syntax.js'

export interface Flow {
  readonly accesses: readonly Access[]
  /** What leaves: the response and every `return`, with what was proven there. */
  readonly answers: readonly { labels: Labels; at: Statement | undefined; isProven(access: Access): boolean }[]
  /** Tokens issued, with the labels of the id that nothing proves. */
  readonly tokens: readonly { at: Statement; unproven: Labels }[]
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
const maxDepth = 6
/** Statements followed for one endpoint; loops and calls count each time. */
const maxStatements = 20_000
interface Frame {
  /** The `function.run` in the endpoint that led here. */
  at: Statement | undefined
  inside: string
  depth: number
  /** The stack is exempt from the rules of tables. */
  bypasses: boolean
  /** Collects what the function returns. */
  returns: { labels: Labels; evidence: Evidence | undefined }[]
}

class Analysis {
  readonly #facts: Facts
  readonly #answers: { labels: Labels; at: Statement | undefined; isProven(access: Access): boolean }[] = []
  readonly #tokens: { at: Statement; unproven: Labels }[] = []
  readonly #calls = new Set<string>()
  readonly #checksRole: boolean
  #followed = 0

  constructor(definition: Definition, context: SecurityContext) {
    this.#facts = new Facts(context, authTableOf(definition))
    const state = new State([['input', { labels: labelsOf('in:*'), whole: 'input' }]])
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
      checksRole: this.#checksRole,
      incomplete: this.#followed > maxStatements,
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
    const labels = value === undefined ? nothing : this.#facts.labels(value, state)
    if (variableName(target) === undefined) {
      state.extend(root, labels)
      return
    }
    const variable: Variable = { labels }
    const whole = value === undefined ? undefined : wholeInput(value, (name) => state.variables.get(name)?.whole)
    if (whole !== undefined) variable.whole = whole
    const evidence = value === undefined ? undefined : this.#facts.outcome(value, state)
    if (evidence !== undefined) variable.evidence = evidence
    state.assign(root, variable)
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
    const [accesses, answers, tokens] = [this.#facts.accesses.length, this.#answers.length, this.#tokens.length]
    run()
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
    else frame.returns.push({ labels, evidence: value === undefined ? undefined : this.#facts.outcome(value, state) })
    state.ended = true
  }

  #call(statement: Statement, state: State, frame: Frame): void {
    const name = nameInHead(statement)
    const callee = this.#facts.context.functions.get(name)
    const input = argument(statement, 'input')
    const given = input === undefined ? nothing : this.#facts.labels(input, state)
    if (callee === undefined || frame.depth >= maxDepth || this.#calls.has(name)) {
      this.#store(statement, { labels: given }, state)
      return
    }
    this.#calls.add(name)
    const inputs: [string, Variable][] = [
      ['input', { labels: given }],
      ...(callee.input ?? []).map((field): [string, Variable] => [
        `input.${field.name}`,
        input === undefined ? { labels: nothing } : this.#passed(input, field.name, state),
      ]),
    ]
    const inner = state.enter(inputs)
    const called: Frame = { at: frame.at ?? statement, inside: name, depth: frame.depth + 1, bypasses: bypassReason(callee) !== null, returns: [] }
    this.#stack(callee.stack ?? [], inner, called)
    if (callee.response !== undefined && !inner.ended)
      called.returns.push({ labels: this.#facts.labels(callee.response, inner), evidence: this.#facts.outcome(callee.response, inner) })
    this.#calls.delete(name)
    // Whoever comes back from a call has passed its checks.
    if (called.returns.length > 0 && statement.name === 'function.run' && !inner.ended) state.accept(inner.authorized ? 'all' : inner.proven)
    const [first, ...rest] = called.returns
    const labels = union(...called.returns.map((one) => one.labels))
    if (first === undefined || called.returns.some((one) => one.evidence === undefined)) {
      this.#store(statement, { labels }, state)
      return
    }
    const evidence = rest.reduce<Evidence>((a, b) => eitherEvidence(a, b.evidence ?? noEvidence), first.evidence ?? noEvidence)
    this.#store(statement, { labels, evidence }, state)
  }

  /** One input of a call, with the check it may be the outcome of. */
  #passed(input: Expr, field: string, state: State): Variable {
    const written = input.type === 'object' && input.entries.every((entry) => entry.type === 'entry')
    const value: Expr | undefined = written ? memberOf(input, field) : { type: 'member', object: input, name: field }
    if (value === undefined) return { labels: nothing }
    const evidence = this.#facts.outcome(value, state)
    return { labels: this.#facts.labels(value, state), ...(evidence === undefined ? {} : { evidence }) }
  }

  #token(statement: Statement, state: State, frame: Frame): void {
    const id = argument(statement, 'id')
    const table = constantArgument(statement, 'table', 'dbtable')
    const labels = id === undefined ? nothing : this.#facts.labels(id, state)
    this.#tokens.push({ at: frame.at ?? statement, unproven: this.#facts.unproven(labels, String(table ?? ''), state) })
    this.#store(statement, { labels: nothing }, state)
  }

  #other(statement: Statement, state: State, frame: Frame): void {
    const labels = union(...ownExprs(statement).map((expr) => this.#facts.labels(expr, state)))
    const changed = rootVariable(statement.head[0])
    if (changed !== undefined && /^(?:array|object|math|text)\./.test(statement.name)) state.extend(changed, labels)
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
    const id = this.#facts.accesses.length
    const picked = pickedBy(statement, table, this.#facts, state)
    const operation = operationOf(statement)
    const data = argument(statement, 'data', 'items')
    const access: Access = {
      id,
      operation,
      table,
      at: frame.at ?? statement,
      inside: frame.inside,
      keys: picked.keys,
      own: picked.own,
      ruled: !frame.bypasses && isRuled(table, operation, this.#facts.authTable),
      bypasses: frame.bypasses,
      capability: picked.capability,
      unproven: !picked.own && !picked.capability && picked.keys.some((key) => this.#isUnproven(key, state)),
      unauthorized: !state.authorized && state.proven.size === 0,
      secrets: secretColumns(statement, table),
      written: this.#written(data, state),
      whole: data === undefined ? null : (wholeInput(data, (name) => state.variables.get(name)?.whole) ?? null),
      paged: isPaged(statement),
      statement,
    }
    this.#facts.accesses.push(access)
    if (picked.pinned) state.proven.add(`row:${id}`)
    if (operation === 'add') {
      this.#store(statement, { labels: nothing }, state)
      return
    }
    const labels = new Set<Label>([`row:${id}`])
    if (picked.own) labels.add('own')
    if (operation !== 'count') for (const secret of access.secrets) labels.add(`secret:${table.name}.${secret}`)
    this.#store(
      statement,
      { labels, ...(operation === 'count' && picked.own ? { evidence: { ifTrue: this.#facts.closure(id), ifFalse: nothing } } : {}) },
      state,
    )
  }

  /** Nothing proves what the caller chose; a row that rules let the caller have is proof enough as a key of others. */
  #isUnproven({ labels, target }: Access['keys'][number], state: State): boolean {
    return [...this.#facts.unproven(labels, target, state)].some((label) => !this.#facts.isRuledRow(label))
  }

  #written(data: Expr | undefined, state: State): ReadonlyMap<string, Labels> | null {
    if (data?.type !== 'object') return null
    return new Map(data.entries.flatMap((entry) => (entry.type === 'entry' ? [[entry.key, this.#facts.labels(entry.value, state)] as const] : [])))
  }
}
