/** A budget is an object you spend: steps and wall time of one run. */
import { fatal } from '../errors.js'

export interface BudgetLimits {
  /** Executed statements and visited elements. */
  maxSteps: number
  /** Wall time in ms. */
  maxMilliseconds: number
  /** Depth of nested function runs. */
  maxDepth: number
}

const checkEvery = 1024

export class Budget {
  readonly limits: BudgetLimits
  readonly startedAt: number
  /** Steps left until the next look at the clock. */
  private fuel = checkEvery
  private spent = 0
  /** When this run last let others run; monotonic ms. */
  private yieldedAt: number
  private turns = 0

  constructor(limits: BudgetLimits) {
    this.limits = limits
    this.startedAt = performance.now()
    this.yieldedAt = this.startedAt
  }

  /** Takes `steps` from the budget. Throws AppError `fatal` when steps or time are used up. */
  spend(steps: number): void {
    this.fuel -= steps
    if (this.fuel <= 0) this.check()
  }

  /** Spends one step for a turn of a loop; true, looked at every 256 turns, when the run should yield. */
  turn(): boolean {
    this.spend(1)
    return (++this.turns & 255) === 0 && this.shouldYield
  }

  /** True when the run has held the event loop for over 10 ms and should yield. */
  get shouldYield(): boolean {
    return performance.now() - this.yieldedAt > 10
  }

  /** Lets other requests run. */
  async yield(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.yieldedAt = performance.now()
  }

  get steps(): number {
    return this.spent + checkEvery - this.fuel
  }

  private check(): void {
    this.spent += checkEvery - this.fuel
    this.fuel = checkEvery
    if (this.spent > this.limits.maxSteps)
      throw fatal(`The run exceeded its limit of ${this.limits.maxSteps} steps.`, {
        hint: 'Raise STACKHOLD_MAX_STEPS or shorten the loop.',
        name: 'LimitError',
      })
    if (performance.now() - this.startedAt > this.limits.maxMilliseconds)
      throw fatal(`The run exceeded its limit of ${this.limits.maxMilliseconds} ms.`, {
        hint: 'Raise STACKHOLD_RUN_TIMEOUT_MS or do the work in the background.',
        name: 'LimitError',
      })
  }
}
