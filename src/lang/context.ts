/** What surrounds an expression while it is read, and the growth of its tree. */
import type { Cursor } from './cursor.js'
import type { Expr } from './tree.js'

/** What surrounds an expression. Brackets start afresh. */
export interface Context {
  /** Newlines do not end the expression (inside parentheses, index brackets, expression quotes). */
  free?: boolean
  /** Inside a filter argument: a pipe ends it. */
  argument?: boolean
  /** A `:` of a `? :` or of `between` is still to come. */
  colon?: boolean
  /** Bare words are expected here (filter arguments and lists). */
  words?: boolean
  /** Somewhere inside a filter argument, where bare words are usual. */
  inFilter?: boolean
}

/** The context inside brackets and quotes that end by themselves. */
export const inside = (context: Context): Context => (context.inFilter === true ? { free: true, inFilter: true, words: true } : { free: true })

/** Operands in parentheses: what is inside was grouped on purpose. */
export const grouped = new WeakSet<Expr>()

/** Trees higher than this would exhaust the stack of whoever walks them. */
const maxHeight = 1500

/** Records that a node stands on `below` levels; a tree too high becomes `null` after an error. */
export function grow<T extends Expr>(c: Cursor, node: T, below: number): Expr {
  c.height = below + 1
  if (c.height <= maxHeight) return node
  c.error('This expression is too long.', node.at ?? c.tok.start, 'Keep intermediate results in variables.')
  c.height = 1
  return { type: 'constant', name: 'null', at: node.at ?? c.tok.start }
}
