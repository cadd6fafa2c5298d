/** Which slot of the frame every name means; decided once, when a program is compiled. */

/** The variables of one program: one scope for the whole stack. */
export class Scope {
  /** Every name that is read or written, with its slot. */
  readonly slots = new Map<string, number>()
  /** Names that some statement writes. */
  readonly written = new Set<string>()
  /** Names that are read, with the offset of the first reading. */
  readonly read = new Map<string, number | undefined>()
  private size = 0

  /** The slot of a variable. */
  slot(name: string): number {
    const known = this.slots.get(name)
    if (known !== undefined) return known
    const slot = this.hidden()
    this.slots.set(name, slot)
    return slot
  }

  /** A slot that no program can name. */
  hidden(): number {
    return this.size++
  }

  get count(): number {
    return this.size
  }
}

/** The bindings of one element expression: `$$`/`$this`, `$index`, `$parent`, `$result`, `$0` … */
export interface LambdaScope {
  readonly outer: LambdaScope | null
  readonly item: number
  readonly index: number
  readonly parent: number
  readonly result: number
  /** Holds the list of step values of a path selector; null for an element expression. */
  readonly stack: number | null
  /** Slots of the variables whose containers the element may come from. */
  readonly roots: readonly number[]
  /** Which bindings the body reads: only those are stored. */
  readonly uses: { index: boolean; parent: boolean; result: boolean }
}

/** What surrounds an expression or a statement. */
export interface Lexical {
  readonly lambda: LambdaScope | null
  /** Inside `catch` or `finally`: `$error` is the error. */
  readonly caught: boolean
  /** `break` (and in a loop `continue`) may stand here. */
  readonly leaves: 'loop' | 'switch' | null
  /** Inside some loop, perhaps through a switch. */
  readonly loops: boolean
  /** Removes the current element of the innermost `foreach`. */
  readonly remove: RemoveElement | null
}
export type RemoveElement = (frame: import('./frame.js').Frame) => void

export const topLevel: Lexical = { lambda: null, caught: false, leaves: null, loops: false, remove: null }
