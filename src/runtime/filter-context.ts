/** What filters get of the run they work for. */
import type { Clock, Random } from './capabilities.js'
import type { FilterContext } from './define.js'
import type { Run } from './frame.js'
import type { SelectorCompiler } from './path.js'

/** One per frame; `bindSelectors` gives the compiler of path selectors for a run. */
export function createFilterContext(run: Run, bindSelectors: (run: Run) => SelectorCompiler): FilterContext {
  return new RunFilterContext(run, bindSelectors)
}

class RunFilterContext implements FilterContext {
  readonly clock: Clock
  readonly random: Random
  readonly spend: (steps: number) => void
  readonly compileSelector: SelectorCompiler

  constructor(run: Run, bindSelectors: (run: Run) => SelectorCompiler) {
    this.clock = run.clock
    this.random = run.random
    this.spend = (steps) => run.budget.spend(steps)
    this.compileSelector = (source) => bindSelectors(run)(source)
  }
}
