/** What filters get of the run they work for. */
import type { Clock, Random } from './capabilities.js'
import type { FilterContext } from './define.js'
import type { Run } from './frame.js'
import type { SelectorCompiler } from './path.js'

/** The key of runs without an instance: tests of builders' programs by themselves. */
const noInstance: readonly Uint8Array[] = [new Uint8Array()]

/** One per frame; `bindSelectors` gives the compiler of path selectors for a run. */
export function createFilterContext(run: Run, bindSelectors: (run: Run) => SelectorCompiler): FilterContext {
  return new RunFilterContext(run, bindSelectors)
}

/** No closures of its own: one context is made for each frame, and what it held until the next collection was most of a small request. */
class RunFilterContext implements FilterContext {
  readonly clock: Clock
  readonly random: Random
  private readonly run: Run
  private readonly bindSelectors: (run: Run) => SelectorCompiler

  constructor(run: Run, bindSelectors: (run: Run) => SelectorCompiler) {
    this.clock = run.clock
    this.random = run.random
    this.run = run
    this.bindSelectors = bindSelectors
  }

  spend(steps: number): void {
    this.run.budget.spend(steps)
  }

  get instanceKeys(): readonly Uint8Array[] {
    return this.run.instanceKeys ?? noInstance
  }

  get compileSelector(): SelectorCompiler {
    return this.bindSelectors(this.run)
  }
}
