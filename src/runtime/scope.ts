/** Which slot of the frame every name means; decided once, when a program is compiled. */

/** A statement that stores its result in a variable of its own. */
export interface Candidate {
  readonly name: string
  /** Decided when the whole program is compiled. */
  allowed: boolean
}

/** The variables of one program: one scope for the whole stack. */
export class Scope {
  private readonly bySlot = new Map<string, number>()
  private readonly uses = new Map<string, number>()
  private readonly nullTests = new Map<string, number>()
  /** Whether something reads variables without naming them. */
  listed = false
  /** Statements whose result may pass through untouched; see pass-through.ts. */
  readonly candidates: Candidate[] = []
  /** Statements that may leave a stream; see stream.ts. */
  readonly streams: Candidate[] = []
  private readonly iterations = new Map<string, number>()
  /** Names that some statement writes. */
  readonly written = new Set<string>()
  /** Names that are read, with the offset of the first reading. */
  readonly read = new Map<string, number | undefined>()
  private size = 0

  /** The slot of a variable. Whoever reads or writes it comes through here. */
  slot(name: string): number {
    this.uses.set(name, this.usesOf(name) + 1)
    const known = this.bySlot.get(name)
    if (known !== undefined) return known
    const slot = this.hidden()
    this.bySlot.set(name, slot)
    return slot
  }

  /** Notes that one of the uses only asks whether the variable is null. */
  countNullTest(name: string): void {
    this.nullTests.set(name, this.nullTestsOf(name) + 1)
  }

  nullTestsOf(name: string): number {
    return this.nullTests.get(name) ?? 0
  }

  /** Notes that one of the uses is the head of a loop that goes over the values one by one. */
  countIteration(name: string): void {
    this.iterations.set(name, this.iterationsOf(name) + 1)
  }

  iterationsOf(name: string): number {
    return this.iterations.get(name) ?? 0
  }

  /** How often {@link slot} was asked for a name. */
  usesOf(name: string): number {
    return this.uses.get(name) ?? 0
  }

  /** Every name that is read or written, with its slot; for readers of all variables. */
  get slots(): ReadonlyMap<string, number> {
    this.listed = true
    return this.bySlot
  }

  /** A slot that no program can name. */
  hidden(): number {
    return this.size++
  }

  get count(): number {
    return this.size
  }

  /** Another scope with the same variables in the same slots; what is added to it stays its own. */
  extend(): Scope {
    const scope = new Scope()
    for (const [name, slot] of this.bySlot) scope.bySlot.set(name, slot)
    for (const name of this.written) scope.written.add(name)
    scope.size = this.size
    return scope
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
