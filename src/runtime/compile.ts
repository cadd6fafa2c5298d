/** Definitions to programs, and the checks a definition must pass before it is stored. */
import { type AppError, fatal } from '../errors.js'
import type { InputReader } from '../fields/inputs.js'
import type { Definition, Expr } from '../lang/tree.js'
import type { Obj, Value } from '../lib/value.js'
import { hideSecrets } from './blame.js'
import { locate } from './compile-block.js'
import { compileNode } from './compile-expression.js'
import { compileStatements, type StatementCompiler } from './compile-statement.js'
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
  return new StackProgram(document, sensitiveNames(definition), options, parts)
}

/** All problems of a definition: unknown names, arguments, blocks, references. Never throws. Without a workspace references are not judged. */
export function checkDefinition(definition: Definition, registry: Registry, workspace: Workspace = permissiveWorkspace): ProgramProblem[] {
  const problems: ProgramProblem[] = []
  try {
    const { scope } = compileParts(definition, { registry, workspace, sink: collectingSink(problems) })
    reportUndeclared(scope, problems)
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
  const compiler: StatementCompiler = {
    registry,
    workspace,
    sink,
    scope: new Scope(),
    inputs,
    document: documentLabel(definition),
    node: (expr, at) => compileNode(compiler, expr, at),
  }
  return compiler
}

function compileParts(definition: Definition, options: PartOptions): Parts {
  const compiler = createCompiler(definition, options)
  const body = compileStatements(compiler, definition.stack ?? [], topLevel)
  const tree = responseOf(definition)
  const response = decidePassThrough(compiler.scope, tree, () => (tree ? compileEscape(compiler, tree, topLevel) : null))
  return { scope: compiler.scope, body, response }
}

/** `response = expr`, or the older `response { value = expr }`. */
function responseOf(definition: Definition): Expr | undefined {
  if (definition.response) return definition.response
  return definition.groups.find((group) => group.name === 'response')?.attributes.find((attribute) => attribute.name === 'value')?.value
}

function sensitiveNames(definition: Definition): ReadonlySet<string> {
  const fields = definition.input ?? []
  const isSensitive = (field: (typeof fields)[number]): boolean =>
    field.type === 'password' || field.options.some((option) => option.name === 'sensitive' && option.value.type === 'constant' && option.value.name === 'true')
  return new Set(fields.filter(isSensitive).map((field) => field.name))
}

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
  private readonly slots: undefined[]
  private readonly owners: null[]
  private readonly bindSelectors: (run: Run) => SelectorCompiler

  constructor(document: string, sensitiveInputs: ReadonlySet<string>, options: CompileOptions, parts: Parts) {
    this.document = document
    this.sensitiveInputs = sensitiveInputs
    this.sensitiveColumns = options.workspace.sensitiveColumns ?? none
    this.readInputs = options.inputs
    this.body = parts.body
    this.response = parts.response
    this.slots = new Array(parts.scope.count).fill(undefined)
    this.owners = new Array(parts.scope.count).fill(null)
    this.bindSelectors = (run) => selectorsFor(options.registry, run)
  }

  run(run: Run, rawInput: ReadonlyMap<string, Value>, depth = 0): Promise<Value> {
    return this.execute(run, rawInput, depth, false)
  }

  answer(run: Run, rawInput: ReadonlyMap<string, Value>): Promise<Value> {
    return this.execute(run, rawInput, 0, run.trace === null && run.test === undefined)
  }

  private async execute(run: Run, rawInput: ReadonlyMap<string, Value>, depth: number, passThrough: boolean): Promise<Value> {
    if (depth > run.budget.limits.maxDepth) throw depthError(run)
    if (depth % levelsPerTurn === levelsPerTurn - 1) await Promise.resolve()
    const frame = this.createFrame(run, this.receive(run, rawInput), depth, passThrough)
    const { body } = this
    try {
      const completion = body.async ? await body.run(frame) : body.run(frame)
      return completion === 'return' ? frame.returned : this.respond(frame)
    } catch (error) {
      throw hideSecrets(locate(error, undefined), { inputs: this.sensitiveInputs, columns: this.sensitiveColumns }, frame.input, frame.slots)
    }
  }

  private receive(run: Run, rawInput: ReadonlyMap<string, Value>): Obj {
    try {
      return this.readInputs(rawInput, { now: run.clock.now() })
    } catch (error) {
      throw locate(error, { position: { document: this.document, statement: 'input' } })
    }
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
      throw locate(error, { position: { document: this.document, statement: 'response' } })
    }
  }
}

function depthError(run: Run): AppError {
  return fatal(`Function runs are nested deeper than the limit of ${run.budget.limits.maxDepth}.`, {
    hint: 'End the recursion earlier, or raise STACKHOLD_MAX_DEPTH.',
    name: 'DepthError',
  })
}
