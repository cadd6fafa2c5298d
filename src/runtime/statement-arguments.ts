/** The arguments a builder gave a statement, under their canonical names. */
import type { Attribute, Expr, Statement } from '../lang/tree.js'
import type { ArgumentSpec, StatementSpec } from './define.js'

export class StatementArguments {
  readonly specs: Readonly<Record<string, ArgumentSpec>>
  /** By canonical name; more than one of a repeated argument. */
  readonly written: ReadonlyMap<string, readonly Attribute[]>

  constructor(statement: Statement, spec: StatementSpec) {
    this.specs = spec.args ?? {}
    const written = new Map<string, Attribute[]>()
    for (const attribute of [...statement.headAttributes, ...statement.args]) {
      const name = this.canonical(attribute.name)
      written.set(name, [...(written.get(name) ?? []), attribute])
    }
    this.written = written
  }

  private canonical(name: string): string {
    if (Object.hasOwn(this.specs, name)) return name
    return Object.keys(this.specs).find((known) => this.specs[known]?.aliases?.includes(name)) ?? name
  }

  has(name: string): boolean {
    return this.written.has(name)
  }

  spec(name: string): ArgumentSpec | undefined {
    return Object.hasOwn(this.specs, name) ? this.specs[name] : undefined
  }

  tree(name: string): Expr | undefined {
    const attributes = this.written.get(name)
    const [first] = attributes ?? []
    if (!attributes || !first) return undefined
    return this.spec(name)?.repeat ? repeated(attributes) : first.value
  }

  /** All that are declared and written. */
  trees(): Map<string, Expr> {
    const out = new Map<string, Expr>()
    for (const name of Object.keys(this.specs)) {
      const tree = this.tree(name)
      if (tree) out.set(name, tree)
    }
    return out
  }
}

/** All writings of a repeated argument as one list; a single list stands for itself. */
function repeated(attributes: readonly Attribute[]): Expr {
  const [first] = attributes
  if (attributes.length === 1 && first?.value.type === 'list') return first.value
  return { type: 'list', items: attributes.map((attribute) => attribute.value) }
}
