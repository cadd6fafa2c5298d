/**
 * Follows the inputs of an endpoint through its stack, and through the functions it runs: which rows they pick, which checks stand between, what comes
 * out. An approximation on the safe side: what it does not understand proves nothing.
 */
import type { TableModel } from '../../../definitions/table.js'
import type { Block, Definition, Expr, Statement } from '../../../lang/tree.js'
import { authTableOf, isCapabilityColumn, isKeyColumn, ownerColumnsOf, type SecurityContext } from './context.js'
import { conditionEvidence, type FactReader, noEvidence } from './flow-condition.js'
import { expressionLabels, wholeInput } from './flow-expression.js'
import { State, type Variable } from './flow-state.js'
import { type Picked, readWhere } from './flow-where.js'
import { both, type Evidence, isChosen, isInput, isRow, isSecret, type Label, type Labels, labelsOf, nothing, type Proof, union, without } from './labels.js'
import { argument, constantArgument, memberOf, nameInHead, ownExprs, rootVariable, textOf, textsOf, variableName } from './syntax.js'

export type Operation = 'read' | 'list' | 'count' | 'add' | 'change' | 'delete'

/** A statement that reaches rows of a table. */
export interface Access {
  /** Number behind the labels `row:N` and `owner:N`. */
  readonly id: number
  readonly operation: Operation
  readonly table: TableModel
  /** Where the builder of the endpoint sees it: the statement itself, or the `function.run` that leads to it. */
  readonly at: Statement
  /** The function it stands in; empty in the endpoint itself. */
  readonly inside: string
  /** What picks the rows: labels with the table whose key they are. */
  readonly keys: readonly { labels: Labels; target: string }[]
  /** The rows are the caller's by the condition itself. */
  readonly own: boolean
  /** Whoever knows the key may have the row: a token, a code. */
  readonly capability: boolean
  /** Nothing proved, at this point, that the caller may reach the rows its inputs pick. */
  readonly unproven: boolean
  /** No check of role or ownership stood before it at all. */
  readonly unauthorized: boolean
  /** Columns of the result that must not leave. */
  readonly secrets: ReadonlySet<string>
  /** Labels by written column; null when `data` is not written out. */
  readonly written: ReadonlyMap<string, Labels> | null
  /** `data` is everything the caller sent. */
  readonly whole: 'input' | 'raw' | null
  readonly paged: boolean
  readonly statement: Statement
}

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
const always: Evidence = { ifTrue: nothing, ifFalse: 'all' }
const never: Evidence = { ifTrue: 'all', ifFalse: nothing }

const readers: Readonly<Record<string, Operation>> = { 'db.get': 'read', 'db.has': 'count', 'db.query': 'list', 'db.count': 'count' }
const changers: Readonly<Record<string, Operation>> = {
  'db.edit': 'change',
  'db.patch': 'change',
  'db.add_or_edit': 'change',
  'db.increment': 'change',
  'db.bulk.update': 'change',
  'db.bulk.patch': 'change',
  'db.del': 'delete',
  'db.delete': 'delete',
  'db.bulk.delete': 'delete',
  'db.truncate': 'delete',
  'db.add': 'add',
  'db.bulk.add': 'add',
}
const operations: Readonly<Record<string, Operation>> = { ...readers, ...changers }

/** Where the value of a statement owes nothing to the caller any more. */
const fresh = new Set([
  'api.request',
  'security.create_uuid',
  'security.random_number',
  'security.random_bytes',
  'security.create_secret_key',
  'redis.get',
  'util.get_env',
])

interface Frame {
  /** The `function.run` in the endpoint that led here. */
  at: Statement | undefined
  inside: string
  depth: number
  /** Collects what the function returns. */
  returns: { labels: Labels; evidence: Evidence | undefined }[]
}

class Analysis {
  readonly #context: SecurityContext
  readonly #authTable: string | null
  readonly #accesses: Access[] = []
  readonly #answers: { labels: Labels; at: Statement | undefined; isProven(access: Access): boolean }[] = []
  readonly #tokens: { at: Statement; unproven: Labels }[] = []
  readonly #calls = new Set<string>()
  readonly #checksRole: boolean
  #followed = 0

  constructor(definition: Definition, context: SecurityContext) {
    this.#context = context
    this.#authTable = authTableOf(definition)
    const state = new State([['input', { labels: labelsOf('in:*'), whole: 'input' }]])
    const frame: Frame = { at: undefined, inside: '', depth: 0, returns: [] }
    this.#stack(definition.stack ?? [], state, frame)
    this.#checksRole = state.authorized
    if (definition.response !== undefined && !state.ended) this.#answer(this.#labels(definition.response, state), undefined, state)
  }

  get result(): Flow {
    return {
      accesses: this.#accesses.filter(({ id }) => !this.#isDropped(id)),
      answers: this.#answers,
      tokens: this.#tokens,
      checksRole: this.#checksRole,
      incomplete: this.#followed > maxStatements,
    }
  }

  #answer(labels: Labels, at: Statement | undefined, state: State): void {
    const proven = new Set(state.proven)
    const { authorized } = state
    this.#answers.push({ labels, at, isProven: (access) => authorized || access.own || proven.has(`row:${access.id}`) })
  }

  #labels(expr: Expr, state: State): Labels {
    return expressionLabels(expr, {
      variable: (name) => state.variables.get(name)?.labels ?? nothing,
      input(name) {
        const all = state.variables.get('input')
        if (name === null) return all?.labels ?? nothing
        return all?.whole === 'input' ? labelsOf(`in:${name}`) : (state.variables.get(`input.${name}`)?.labels ?? nothing)
      },
      isOwnerColumn: (id, column) => {
        const access = this.#accesses[id]
        return access !== undefined && ownerColumnsOf(access.table, this.#context, this.#authTable).some((one) => one.name === column)
      },
      secretsOf: (id) => this.#accesses[id]?.secrets ?? new Set(),
    })
  }

  /** What picking the row proves, once the row is the caller's: the inputs it was picked by, as keys of the same table. */
  #closure(id: number, seen = new Set<number>()): Set<Label> {
    const proven = new Set<Label>([`row:${id}`])
    const access = this.#accesses[id]
    if (access === undefined || seen.has(id)) return proven
    seen.add(id)
    for (const { labels, target } of access.keys)
      for (const label of labels) {
        if (isInput(label)) proven.add(`${label}@${target}`)
        if (isRow(label)) for (const inner of this.#closure(Number(label.slice(4)), seen)) proven.add(inner)
      }
    return proven
  }

  #evidence(expr: Expr, state: State): Evidence {
    const reader: FactReader = {
      labels: (inner) => this.#labels(inner, state),
      variable: (name) => state.variables.get(name)?.evidence,
      provesRow: (id) => this.#closure(id),
      isOwn: (id) => {
        const access = this.#accesses[id]
        return access !== undefined && (access.own || access.capability || state.proven.has(`row:${id}`))
      },
      isProven: (label) => state.authorized || state.proven.has(label) || this.#isOwnRow(label),
    }
    return conditionEvidence(expr, reader)
  }

  #isOwnRow(label: Label): boolean {
    const access = isRow(label) ? this.#accesses[Number(label.slice(4))] : undefined
    return access !== undefined && (access.own || access.capability)
  }

  /** Labels the caller chose and nothing proved, as keys of a table. */
  #unproven(labels: Labels, target: string, state: State): Labels {
    if (state.authorized) return nothing
    return without(labels, (label) => !isChosen(label) || state.proven.has(label) || state.proven.has(`${label}@${target}`) || this.#isOwnRow(label))
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
      case 'security.check_password':
        this.#checkPassword(statement, state)
        return
      case 'security.create_auth_token':
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
    const filters = union(...statement.as.filters.flatMap((filter) => filter.args.map((arg) => this.#labels(arg, state))))
    if (path.length > 0) state.extend(root, union(variable.labels, filters))
    else state.assign(root, { ...variable, labels: union(variable.labels, filters) })
  }

  #assign(statement: Statement, state: State): void {
    const value = argument(statement, 'value')
    const target = statement.head[0]
    const root = rootVariable(target)
    if (root === undefined) return
    const labels = value === undefined ? nothing : this.#labels(value, state)
    if (variableName(target) === undefined) {
      state.extend(root, labels)
      return
    }
    const variable: Variable = { labels }
    const whole = value === undefined ? undefined : wholeInput(value, (name) => state.variables.get(name)?.whole)
    if (whole !== undefined) variable.whole = whole
    const evidence = value === undefined ? undefined : this.#outcome(value, state)
    if (evidence !== undefined) variable.evidence = evidence
    state.assign(root, variable)
  }

  /** A value as the outcome of a check. `true` stands for what has been proven where it is assigned. */
  #outcome(value: Expr, state: State): Evidence | undefined {
    if (value.type === 'constant') {
      if (value.name === 'true') return { ...always, ifTrue: state.authorized ? 'all' : new Set(state.proven) }
      return value.name === 'now' ? undefined : never
    }
    const evidence = this.#evidence(value, state)
    return evidence === noEvidence ? undefined : evidence
  }

  #precondition(statement: Statement, state: State): void {
    const condition = statement.head[0] ?? statement.condition
    if (condition === undefined) return
    if (condition.type === 'constant' && condition.name === 'false') {
      state.ended = true
      return
    }
    state.accept(this.#evidence(condition, state).ifTrue)
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
        const evidence = this.#evidence(block.head, state)
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
    const items = source === undefined ? nothing : this.#labels(source, state)
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
    const [accesses, answers, tokens] = [this.#accesses.length, this.#answers.length, this.#tokens.length]
    run()
    this.#answers.length = answers
    this.#tokens.length = tokens
    // Rows keep their numbers: variables may hold them.
    this.#dropped.push([accesses, this.#accesses.length])
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
    const labels = value === undefined ? nothing : this.#labels(value, state)
    if (frame.depth === 0) this.#answer(labels, statement, state)
    else frame.returns.push({ labels, evidence: value === undefined ? undefined : this.#outcome(value, state) })
    state.ended = true
  }

  #call(statement: Statement, state: State, frame: Frame): void {
    const name = nameInHead(statement)
    const callee = this.#context.functions.get(name)
    const input = argument(statement, 'input')
    const given = input === undefined ? nothing : this.#labels(input, state)
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
    const called: Frame = { at: frame.at ?? statement, inside: name, depth: frame.depth + 1, returns: [] }
    this.#stack(callee.stack ?? [], inner, called)
    if (callee.response !== undefined && !inner.ended)
      called.returns.push({ labels: this.#labels(callee.response, inner), evidence: this.#outcome(callee.response, inner) })
    this.#calls.delete(name)
    // Whoever comes back from a call has passed its checks.
    if (called.returns.length > 0 && statement.name === 'function.run' && !inner.ended) state.accept(inner.authorized ? 'all' : inner.proven)
    const [first, ...rest] = called.returns
    const labels = union(...called.returns.map((one) => one.labels))
    if (first === undefined || called.returns.some((one) => one.evidence === undefined)) {
      this.#store(statement, { labels }, state)
      return
    }
    const evidence = rest.reduce<Evidence>((a, b) => mergeEvidence(a, b.evidence ?? noEvidence), first.evidence ?? noEvidence)
    this.#store(statement, { labels, evidence }, state)
  }

  /** One input of a call, with the check it may be the outcome of. */
  #passed(input: Expr, field: string, state: State): Variable {
    const written = input.type === 'object' && input.entries.every((entry) => entry.type === 'entry')
    const value: Expr | undefined = written ? memberOf(input, field) : { type: 'member', object: input, name: field }
    if (value === undefined) return { labels: nothing }
    const evidence = this.#outcome(value, state)
    return { labels: this.#labels(value, state), ...(evidence === undefined ? {} : { evidence }) }
  }

  #checkPassword(statement: Statement, state: State): void {
    const hash = argument(statement, 'hash_password')
    const labels = hash === undefined ? nothing : this.#labels(hash, state)
    const proof = new Set([...labels].filter(isRow).flatMap((label) => [...this.#closure(Number(label.slice(4)))]))
    this.#store(statement, { labels: nothing, evidence: { ifTrue: proof, ifFalse: nothing } }, state)
  }

  #token(statement: Statement, state: State, frame: Frame): void {
    const id = argument(statement, 'id')
    const table = constantArgument(statement, 'table', 'dbtable')
    const labels = id === undefined ? nothing : this.#labels(id, state)
    this.#tokens.push({ at: frame.at ?? statement, unproven: this.#unproven(labels, String(table ?? ''), state) })
    this.#store(statement, { labels: nothing }, state)
  }

  #other(statement: Statement, state: State, frame: Frame): void {
    const labels = union(...ownExprs(statement).map((expr) => this.#labels(expr, state)))
    const changed = rootVariable(statement.head[0])
    if (changed !== undefined && /^(?:array|object|math|text)\./.test(statement.name)) state.extend(changed, labels)
    for (const block of statement.blocks) {
      const inner = state.copy()
      if (block.as !== undefined) inner.assign(block.as, { labels })
      this.#stack(block.statements, inner, frame)
      state.mayHaveRun(inner)
    }
    if (statement.name === 'util.get_raw_input' || statement.name === 'util.get_input' || statement.name === 'util.get_all_input') {
      this.#store(statement, { labels: labelsOf('in:*'), whole: statement.name === 'util.get_all_input' ? 'input' : 'raw' }, state)
      return
    }
    if (fresh.has(statement.name)) {
      this.#store(statement, { labels: nothing }, state)
      return
    }
    const gives = statement.name.startsWith('security.') ? without(labels, isSecret) : labels
    this.#store(statement, { labels: gives }, state)
  }

  #access(statement: Statement, state: State, frame: Frame): void {
    const table = this.#context.tables.get(nameInHead(statement))
    const args = union(...ownExprs(statement).map((expr) => this.#labels(expr, state)))
    if (table === undefined) {
      this.#store(statement, { labels: args }, state)
      return
    }
    const id = this.#accesses.length
    const picked = this.#picked(statement, table, state)
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
      capability: picked.capability,
      unproven: !picked.own && !picked.capability && picked.keys.some(({ labels, target }) => this.#unproven(labels, target, state).size > 0),
      unauthorized: !state.authorized && state.proven.size === 0,
      secrets: secretColumns(statement, table),
      written: this.#written(data, state),
      whole: data === undefined ? null : (wholeInput(data, (name) => state.variables.get(name)?.whole) ?? null),
      paged: isPaged(statement),
      statement,
    }
    this.#accesses.push(access)
    if (picked.pinned) state.proven.add(`row:${id}`)
    if (operation === 'add') {
      this.#store(statement, { labels: nothing }, state)
      return
    }
    const labels = new Set<Label>([`row:${id}`])
    if (picked.own) labels.add('own')
    if (operation !== 'count') for (const secret of access.secrets) labels.add(`secret:${table.name}.${secret}`)
    this.#store(statement, { labels, ...(operation === 'count' && picked.own ? { evidence: { ifTrue: this.#closure(id), ifFalse: nothing } } : {}) }, state)
  }

  /** What a statement picks its rows by. */
  #picked(statement: Statement, table: TableModel, state: State): Picked {
    const owners = new Set(ownerColumnsOf(table, this.#context, this.#authTable).map((column) => column.name))
    const labels = (expr: Expr): Labels => this.#labels(expr, state)
    const isClean = (found: Labels, target = table.name): boolean => this.#unproven(found, target, state).size === 0
    const value = argument(statement, 'field_value')
    if (value !== undefined) {
      const field = textOf(argument(statement, 'field_name')) ?? (argument(statement, 'field_name') === undefined ? (table.columns[0]?.name ?? 'id') : '')
      const found = labels(value)
      const column = table.columns.find((one) => one.name === field)
      const own = isClean(found) && ((found.has('id') && owners.has(field)) || (found.has('own') && field !== ''))
      const target = column?.references ?? table.name
      return {
        keys: [{ labels: found, target }],
        own,
        capability: isCapabilityColumn(field) && found.size > 0,
        pinned: [...found].some(isChosen) && isClean(found, target),
      }
    }
    const items = statement.name.startsWith('db.bulk.') ? argument(statement, 'items', 'data') : undefined
    if (items !== undefined) return { keys: [{ labels: labels(items), target: table.name }], own: false, capability: false, pinned: false }
    const where = argument(statement, 'where', 'search')
    if (where === undefined) return { keys: [], own: false, capability: false, pinned: false }
    const join = argument(statement, 'join')
    const tableOf = (alias: string | null): TableModel | undefined => {
      if (alias === null || alias === table.name) return table
      return this.#context.tables.get(textOf(memberOf(memberOf(join, alias), 'table')) ?? alias)
    }
    return readWhere(where, {
      tableOf,
      labels,
      isClean,
      isOwnerColumn: (one, column) => ownerColumnsOf(one, this.#context, this.#authTable).some((owner) => owner.name === column),
      isKeyColumn: (one, column) => {
        const model = one.columns.find((candidate) => candidate.name === column)
        return model !== undefined && isKeyColumn(model, one, this.#context)
      },
    })
  }

  #written(data: Expr | undefined, state: State): ReadonlyMap<string, Labels> | null {
    if (data?.type !== 'object') return null
    return new Map(data.entries.flatMap((entry) => (entry.type === 'entry' ? [[entry.key, this.#labels(entry.value, state)] as const] : [])))
  }
}

const mergeEvidence = (a: Evidence, b: Evidence): Evidence => ({ ifTrue: intersect(a.ifTrue, b.ifTrue), ifFalse: intersect(a.ifFalse, b.ifFalse) })
const intersect = (a: Proof, b: Proof): Proof => (a === 'all' ? b : b === 'all' ? a : new Set([...a].filter((label) => b.has(label))))

function operationOf(statement: Statement): Operation {
  const operation = operations[statement.name] ?? 'read'
  if (operation !== 'list') return operation
  const type = textOf(memberOf(argument(statement, 'return'), 'type'))
  return type === 'single' ? 'read' : type === 'count' || type === 'exists' ? 'count' : 'list'
}

/** Password columns the statement asks for by name. */
function secretColumns(statement: Statement, table: TableModel): Set<string> {
  const output = textsOf(argument(statement, 'output')).map((path) => path.replace(/^items\./, '').split('.')[0] ?? '')
  const hidden = table.columns.filter((column) => column.type === 'password' || column.access === 'internal').map((column) => column.name)
  return new Set(hidden.filter((name) => output.includes(name)))
}

const isPaged = (statement: Statement): boolean => {
  const paging = memberOf(argument(statement, 'return'), 'paging')
  return paging?.type === 'object' || argument(statement, 'override_paging') !== undefined
}
