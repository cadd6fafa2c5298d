/** Definitions to programs, and the checks a definition must pass before it is stored. */
import { undeclaredParams } from '../definitions/query.js'
import { type AppError, fatal, type ProgramPosition } from '../errors.js'
import type { InputReader } from '../fields/inputs.js'
import type { Definition, Expr, Field } from '../lang/tree.js'
import type { Obj, Value } from '../lib/value.js'
import { hideSecrets } from './blame.js'
import { locate } from './compile-block.js'
import { compileNode } from './compile-expression.js'
import { compileStatements } from './compile-statement.js'
import { shown } from './convert.js'
import type { Body, FilterContext, Workspace } from './define.js'
import { compileEscape } from './expression.js'
import { createFilterContext } from './filter-context.js'
import type { Evaluate, Frame, Run } from './frame.js'
import { decidePassThrough } from './pass-through.js'
import type { SelectorCompiler } from './path.js'
import { collectingSink, type ProblemSink, type ProgramProblem, suggestionHint, throwingSink } from './problem.js'
import type { Program } from './program.js'
import type { Registry } from './registry.js'
import { Scope, topLevel } from './scope.js'
import { selectorsFor } from './selector.js'
import type { StatementCompiler } from './statement.js'
import { decideStreams } from './stream.js'
import { settle, waits } from './waiting.js'

export interface CompileOptions {
  registry: Registry
  workspace: Workspace
  /** Reads the received inputs; see `compileInputs` in fields/inputs.ts. */
  inputs: InputReader
}

/** How errors and traces name a definition: `function "math/double"`, `query "user/{id}" GET`. */
export function documentLabel(definition: Definition): string {
  const verb = definition.headAttributes.find((attribute) => attribute.name === 'verb')?.value
  const name = definition.name === '' ? definition.kind : `${definition.kind} "${definition.name}"`
  return verb && (verb.type === 'word' || verb.type === 'text') ? `${name} ${verb.value}` : name
}

/** Compiles a definition with a stack. Throws AppError (`fatal`, or `unsupported` for what is not built yet) with the position of the first error. */
export function compileProgram(definition: Definition, options: CompileOptions): Program {
  const document = documentLabel(definition)
  const parts = compileParts(definition, { registry: options.registry, workspace: options.workspace, sink: throwingSink(document) })
  return new StackProgram(definition, document, options, parts)
}

/** All problems of a definition: unknown names, arguments, blocks, references. Never throws. Without a workspace references are not judged. */
export function checkDefinition(definition: Definition, registry: Registry, workspace: Workspace = permissiveWorkspace): ProgramProblem[] {
  const problems: ProgramProblem[] = []
  try {
    const { scope } = compileParts(definition, { registry, workspace, sink: collectingSink(problems) })
    reportUndeclared(scope, problems)
    reportUnreadParams(definition, problems)
  } catch (error) {
    problems.push({ message: locate(error, undefined).message, severity: 'error' })
  }
  for (const test of definition.tests) checkTest(test, registry, workspace, problems)
  return problems
}

function checkTest(test: Definition['tests'][number], registry: Registry, workspace: Workspace, problems: ProgramProblem[]): void {
  const compiler = createCompiler(
    { kind: 'test', name: test.name, headAttributes: [], attributes: [], tests: [], groups: [] },
    { registry, workspace, sink: collectingSink(problems) },
  )
  compiler.scope.written.add('response')
  try {
    compileStatements(compiler, test.expectations, topLevel)
  } catch (error) {
    problems.push({ message: locate(error, undefined).message, severity: 'error' })
  }
}

function reportUndeclared(scope: Scope, problems: ProgramProblem[]): void {
  for (const [name, at] of scope.read) {
    if (scope.written.has(name)) continue
    problems.push({
      message: `The variable \`$${name}\` is never set.`,
      severity: 'warning',
      ...(at === undefined ? {} : { at }),
      ...suggestionHint(name, scope.written),
    })
  }
}

function reportUnreadParams(definition: Definition, problems: ProgramProblem[]): void {
  for (const param of definition.kind === 'query' ? undeclaredParams(definition) : [])
    problems.push({
      message: `The path parameter {${param}} is not declared in input.`,
      hint: `Add "int ${param}" or "text ${param}" to input.`,
      severity: 'warning',
      ...(definition.at === undefined ? {} : { at: definition.at }),
    })
}

const unjudged = { document: '', call: () => Promise.resolve(null) }
const unknownDocument = (kind: string, name: string): never => {
  throw fatal(`Unknown ${kind}: ${name}`)
}
const permissiveWorkspace: Workspace = {
  records: { compile: () => () => Promise.resolve(null) },
  callable: () => unjudged,
  document: unknownDocument,
  isAuthTable: () => true,
}

interface Parts {
  scope: Scope
  body: Body
  response: Evaluate | null
  responseWaits: boolean
}

interface PartOptions {
  registry: Registry
  workspace: Workspace
  sink: ProblemSink
}

/** What statements of one definition are compiled with. */
export function createCompiler(definition: Definition, { registry, workspace, sink }: PartOptions): StatementCompiler {
  const linked = definition.input?.some((field) => field.type === 'dblink') === true
  const inputs = definition.input && !linked ? new Set(definition.input.map((field) => field.name)) : null
  return {
    registry,
    workspace,
    sink,
    scope: new Scope(),
    inputs,
    document: documentLabel(definition),
    node(expr, at) {
      return compileNode(this, expr, at)
    },
  }
}

function compileParts(definition: Definition, options: PartOptions): Parts {
  const compiler = createCompiler(definition, options)
  const body = compileStatements(compiler, definition.stack ?? [], topLevel)
  const tree = responseOf(definition)
  const response = decidePassThrough(compiler.scope, tree, () => (tree ? compileEscape(compiler, tree, topLevel) : null))
  decideStreams(compiler.scope)
  return { scope: compiler.scope, body, response, responseWaits: tree !== undefined && waits(tree, options.registry) }
}

/** `response = expr`, or the older `response { value = expr }`. */
function responseOf(definition: Definition): Expr | undefined {
  if (definition.response) return definition.response
  return definition.groups.find((group) => group.name === 'response')?.attributes.find((attribute) => attribute.name === 'value')?.value
}

const isSensitive = (field: Field): boolean =>
  field.type === 'password' || field.options.some((option) => option.name === 'sensitive' && option.value.type === 'constant' && option.value.name === 'true')

/** Whether a field, or one inside it, is sensitive. */
const holdsSecret = (field: Field): boolean => isSensitive(field) || field.fields?.some(holdsSecret) === true

/** Names of the inputs that hold secrets, as the definition says. */
export const sensitiveNames = (definition: Definition): ReadonlySet<string> => new Set((definition.input ?? []).filter(isSensitive).map((field) => field.name))

const none: ReadonlySet<string> = new Set()

/** Native stack frames are given back every so many levels of nested runs. */
const levelsPerTurn = 25

class StackProgram implements Program {
  readonly document: string
  readonly sensitiveInputs: ReadonlySet<string>
  private readonly sensitiveColumns: ReadonlySet<string>
  private readonly readInputs: InputReader
  private readonly body: Body
  private readonly response: Evaluate | null
  private readonly responseWaits: boolean
  private readonly slots: undefined[]
  private readonly owners: null[]
  private readonly bindSelectors: (run: Run) => SelectorCompiler
  private readonly declared: ReadonlyMap<string, Field>
  private readonly responseLine: number | undefined

  constructor(definition: Definition, document: string, options: CompileOptions, parts: Parts) {
    this.document = document
    this.sensitiveInputs = sensitiveNames(definition)
    this.declared = new Map((definition.input ?? []).map((field) => [field.name, field]))
    this.responseLine = definition.response?.line
    this.sensitiveColumns = options.workspace.sensitiveColumns ?? none
    this.readInputs = options.inputs
    this.body = parts.body
    this.response = parts.response
    this.responseWaits = parts.responseWaits
    this.slots = new Array(parts.scope.count).fill(undefined)
    this.owners = new Array(parts.scope.count).fill(null)
    this.bindSelectors = (run) => selectorsFor(options.registry, run)
  }

  run(run: Run, rawInput: ReadonlyMap<string, Value>, depth = 0): Promise<Value> {
    return this.execute(run, rawInput, depth, false)
  }

  answer(run: Run, rawInput: ReadonlyMap<string, Value>): Value | Promise<Value> {
    const { body } = this
    const passThrough = run.trace === null && run.test === undefined
    if (body.async || this.responseWaits) return this.execute(run, rawInput, 0, passThrough)
    const frame = this.createFrame(run, this.receive(run, rawInput, 0), 0, passThrough)
    try {
      return body.run(frame) === 'return' ? frame.returned : this.respond(frame)
    } catch (error) {
      throw this.failure(error, frame)
    }
  }

  private async execute(run: Run, rawInput: ReadonlyMap<string, Value>, depth: number, passThrough: boolean): Promise<Value> {
    if (depth > run.budget.limits.maxDepth) throw depthError(run)
    if (depth % levelsPerTurn === levelsPerTurn - 1) await Promise.resolve()
    const frame = this.createFrame(run, this.receive(run, rawInput, depth), depth, passThrough)
    const { body } = this
    try {
      const completion = body.async ? await body.run(frame) : body.run(frame)
      if (completion === 'return') return frame.returned
      return this.responseWaits ? await this.respondLater(frame) : this.respond(frame)
    } catch (error) {
      throw this.failure(error, frame)
    }
  }

  private failure(error: unknown, frame: Frame): AppError {
    return hideSecrets(locate(error, undefined), { inputs: this.sensitiveInputs, columns: this.sensitiveColumns }, frame.input, frame.slots)
  }

  private receive(run: Run, rawInput: ReadonlyMap<string, Value>, depth: number): Obj {
    try {
      return this.readInputs(rawInput, { now: run.clock.now(), called: depth > 0 })
    } catch (error) {
      throw this.refusal(locate(error, undefined), rawInput)
    }
  }

  /** The error of an input that was refused: its line and, unless it is a secret, what was received. */
  private refusal(error: AppError, rawInput: ReadonlyMap<string, Value>): AppError {
    const param = paramOf(error)
    const field = this.declared.get(param)
    error.position ??= positionOf(this.document, 'input', field?.line)
    const given = rawInput.get(param)
    if (error.kind === 'input' && given !== undefined && field !== undefined && !holdsSecret(field)) error.value ??= shown(given)
    return error
  }

  private createFrame(run: Run, input: Obj, depth: number, passThrough: boolean): Frame {
    const context: FilterContext = createFilterContext(run, this.bindSelectors)
    return { run, slots: this.slots.slice(), owners: this.owners.slice(), input, depth, passThrough, returned: null, error: null, context }
  }

  private respond(frame: Frame): Value {
    if (this.response === null) return null
    try {
      return this.response(frame)
    } catch (error) {
      throw this.locateResponse(error)
    }
  }

  /** The same for a response that waits. */
  private async respondLater(frame: Frame): Promise<Value> {
    const { response } = this
    if (response === null) return null
    try {
      return await settle(frame, response)
    } catch (error) {
      throw this.locateResponse(error)
    }
  }

  private locateResponse(error: unknown): AppError {
    return locate(error, { position: positionOf(this.document, 'response', this.responseLine) })
  }
}

const positionOf = (document: string, statement: string, line: number | undefined): ProgramPosition =>
  line === undefined ? { document, statement } : { document, line, statement }

/** The input an error is reported for; "" when it names none. */
const paramOf = ({ payload }: AppError): string =>
  typeof payload === 'object' && payload !== null && 'param' in payload && typeof payload.param === 'string' ? payload.param : ''

function depthError(run: Run): AppError {
  return fatal(`Function runs are nested deeper than the limit of ${run.budget.limits.maxDepth}.`, {
    hint: 'End the recursion earlier, or raise STACKHOLD_MAX_DEPTH.',
    name: 'DepthError',
  })
}
