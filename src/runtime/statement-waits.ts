/** What one statement must wait for because its expressions hold JavaScript. */
import type { Expr } from '../lang/tree.js'
import { compileLambda } from './compile-lambda.js'
import { noRoots, type Test, testOf } from './compiled.js'
import type { Action, Lambda, Preparation } from './define.js'
import { compileEscape, compileTest, type ExpressionCompiler } from './expression.js'
import type { Evaluate } from './frame.js'
import type { Lexical } from './scope.js'
import { misplaced, settle, waits } from './waiting.js'

/** Collects while the statement is compiled; then {@link around} puts the waiting around its action. */
export class StatementWaits {
  private readonly c: ExpressionCompiler
  private readonly preparations: Preparation[] = []
  private afterwards: Preparation | null = null
  /** Element expressions wait: the statement is settled as a whole. */
  private elements = false

  constructor(c: ExpressionCompiler) {
    this.c = c
  }

  /** Something to await before the statement. */
  before(prepare: Preparation): void {
    this.preparations.push(prepare)
  }

  /** Something to await after it. */
  after(finish: Preparation): void {
    this.afterwards = finish
  }

  /** A value that leaves its variable; one with JavaScript is settled before the statement. */
  escape(tree: Expr, at: Lexical): Evaluate {
    const settled = this.settled(tree, at)
    if (settled === null) return compileEscape(this.c, tree, at)
    this.before(settled.prepare)
    return settled.read
  }

  /** A condition, and what is to be awaited before it. */
  test(tree: Expr, at: Lexical): { test: Test; prepare: Preparation | null } {
    const settled = this.settled(tree, at)
    if (settled === null) return { test: compileTest(this.c, tree, at), prepare: null }
    return { test: testOf({ evaluate: settled.read, roots: noRoots }), prepare: settled.prepare }
  }

  /** An expression evaluated for every element. */
  element(tree: Expr, at: Lexical): Lambda {
    if (waits(tree, this.c.registry)) this.elements = true
    return compileLambda(this.c, tree, at, [])
  }

  /** How an expression with JavaScript is settled into a slot of its own, and read from there; null for one without. */
  settled(tree: Expr, at: Lexical): { prepare: Preparation; read: Evaluate } | null {
    if (!waits(tree, this.c.registry)) return null
    const evaluate = compileEscape(this.c, tree, at)
    const slot = this.c.scope.hidden()
    return {
      async prepare(frame) {
        frame.slots[slot] = await settle(frame, evaluate)
      },
      read(frame) {
        const value = frame.slots[slot]
        if (value === undefined) throw misplaced()
        return value
      },
    }
  }

  /** The action with everything that it must wait for; itself when that is nothing. */
  around(action: Action): Action {
    const { preparations, afterwards, elements } = this
    if (preparations.length === 0 && afterwards === null && !elements) return action
    return {
      async: true,
      async run(frame) {
        for (const prepare of preparations) await prepare(frame)
        const completion = action.async ? await action.run(frame) : elements ? await settle(frame, action.run) : action.run(frame)
        if (afterwards !== null) await afterwards(frame)
        return completion
      },
    }
  }
}
