/** Loops. A body without waiting runs in one go; the loop lets others run when it has held the process for some milliseconds. */
import { fatal } from '../errors.js'
import type { Statement } from '../lang/tree.js'
import { isList, isObj, type Value } from '../lib/value.js'
import { toNumber, typeName } from '../runtime/convert.js'
import type { Body, Place, Preparation, StatementSpec, Step } from '../runtime/define.js'
import type { Completion, Frame } from '../runtime/frame.js'
import { rangeBounds } from '../runtime/operators.js'
import { ValueStream } from '../runtime/stream.js'

/** One turn: false when the loop is over before it; else the body is to run. */
type Advance = (frame: Frame) => boolean
/** `subject` is what the loop goes over, when it goes over something. */
type Turns = (frame: Frame, subject?: Value) => Promise<Completion>
type Begin = (frame: Frame, subject: Value) => Advance

/** Runs the body while `begin(frame)` gives an advance that says so; `settle` follows each finished turn. */
function loop(body: Body, begin: Begin, settle?: (frame: Frame) => void): Turns {
  return body.async ? waitingLoop(body.run, begin, settle) : plainLoop(body.run, begin, settle)
}

function waitingLoop(run: (frame: Frame) => Promise<Completion>, begin: Begin, settle?: (frame: Frame) => void): Turns {
  return async (frame, subject = null) => {
    const { budget } = frame.run
    const advance = begin(frame, subject)
    while (advance(frame)) {
      if (budget.turn()) await budget.yield()
      const completion = await run(frame)
      settle?.(frame)
      if (completion === 'break') return undefined
      if (completion === 'return') return completion
    }
    return undefined
  }
}

/** A loop whose condition waits. */
function preparedLoop(body: Body, prepare: Preparation, test: Advance): Turns {
  return async (frame) => {
    for (;;) {
      await prepare(frame)
      if (!test(frame)) return undefined
      frame.run.budget.turn()
      const completion = body.async ? await body.run(frame) : body.run(frame)
      if (completion === 'break') return undefined
      if (completion === 'return') return completion
    }
  }
}

function plainLoop(run: (frame: Frame) => Completion, begin: Begin, settle?: (frame: Frame) => void): Turns {
  /** Turns until the loop ends or should let others run. */
  const turns = (frame: Frame, advance: Advance): Completion | 'yield' => {
    const { budget } = frame.run
    while (advance(frame)) {
      const yields = budget.turn()
      const completion = run(frame)
      if (settle) settle(frame)
      if (completion === 'break') return undefined
      if (completion === 'return') return completion
      if (yields) return 'yield'
    }
    return undefined
  }
  return async (frame, subject = null) => {
    const advance = begin(frame, subject)
    for (;;) {
      const outcome = turns(frame, advance)
      if (outcome !== 'yield') return outcome
      await frame.run.budget.yield()
    }
  }
}

const each = { summary: 'The statements of a turn.', required: true, leaves: 'loop' } as const

/** The body of the loop and what stores its variable. */
function eachOf(step: Step): { body: Body; set: (frame: Frame, value: Value) => void } {
  const [block] = step.bodies('each')
  return block ? { body: block.body, set: block.store ?? (() => {}) } : { body: step.body('each'), set: () => {} }
}

const whileLoop: StatementSpec = {
  name: 'while',
  group: 'control',
  summary: 'Repeats as long as the condition holds; it is checked before every turn.',
  head: { kind: 'condition', summary: 'Checked before every turn.' },
  blocks: { each },
  examples: ['while ($i < 10) {\n  each {\n    math.add $i { value = 1 }\n  }\n}'],
  compile(step) {
    const { test, prepare } = step.repeatedTest()
    const body = step.body('each')
    return { async: true, run: prepare === null ? loop(body, () => test) : preparedLoop(body, prepare, test) }
  },
}

const forLoop: StatementSpec = {
  name: 'for',
  group: 'control',
  summary: 'Repeats a number of times; the variable counts from 0.',
  head: { kind: 'value', summary: 'How many turns.' },
  blocks: { each: { ...each, as: 'optional' } },
  examples: ['for (3) {\n  each as $i {\n    debug.log { value = $i }\n  }\n}'],
  compile(step) {
    const range = step.headRange()
    const { body, set } = eachOf(step)
    if (range) return { async: true, run: loop(body, (frame) => counter(...rangeBounds(range.from(frame), range.to(frame)), set)) }
    const count = step.head()
    return {
      async: true,
      run: loop(body, (frame) => {
        const last = Math.floor(toNumber(count(frame))) - 1
        return last < 0 ? () => false : counter(0, last, set)
      }),
    }
  },
}

/** Counts from one bound to the other, both included. */
function counter(from: number, to: number, set: (frame: Frame, value: Value) => void): Advance {
  const step = to < from ? -1 : 1
  let left = Math.abs(to - from) + 1
  let next = from
  return (frame) => {
    if (left-- <= 0) return false
    set(frame, next)
    next += step
    return true
  }
}

const foreach: StatementSpec = {
  name: 'foreach',
  group: 'control',
  summary: 'Runs once for every element of a list, value of an object, or number of a range.',
  head: { kind: 'value', summary: 'List, object or range; null counts as empty.' },
  blocks: { each: { ...each, as: 'optional' } },
  examples: [
    'foreach ($rows) {\n  each as $row {\n    debug.log { value = $row }\n  }\n}',
    'foreach ((1..5)) {\n  each as $n {\n    debug.log { value = $n }\n  }\n}',
  ],
  compile(step) {
    const range = step.headRange()
    if (range) {
      const { body, set } = eachOf(step)
      return { async: true, run: loop(body, (frame) => counter(...rangeBounds(range.from(frame), range.to(frame)), set)) }
    }
    return { async: true, run: overElements(step) }
  },
}

function overElements(step: Step): Turns {
  const removal = step.statement.blocks.some((block) => removesIn(block.statements)) ? new Removal(step) : null
  const subject = removal === null ? step.iterated() : step.head()
  const { body, set } = eachOf(step)
  const begin: Begin = (frame, value) => {
    removal?.begin(frame)
    if (isList(value)) return overList(value, set, removal)
    if (isObj(value)) return overObject(value, set, removal)
    if (value === null) return () => false
    throw fatal(`foreach needs a list or an object, not ${typeName(value)}.`)
  }
  const turns = loop(body, begin)
  return (frame) => {
    const value = subject(frame)
    return value instanceof ValueStream ? overStream(frame, value, body, set) : turns(frame, value)
  }
}

/** Goes over values as they come; however the loop ends, the stream is let go of. */
async function overStream(frame: Frame, stream: ValueStream, body: Body, set: (frame: Frame, value: Value) => void): Promise<Completion> {
  const { budget } = frame.run
  for await (const batch of stream.batches())
    for (const value of batch) {
      if (budget.turn()) await budget.yield()
      set(frame, value)
      const completion = body.async ? await body.run(frame) : body.run(frame)
      if (completion === 'break') return undefined
      if (completion === 'return') return completion
    }
  return undefined
}

function overList(list: readonly Value[], set: (frame: Frame, value: Value) => void, removal: Removal | null): Advance {
  let next = 0
  return (frame) => {
    if (next >= list.length) return false
    set(frame, list[next] ?? null)
    removal?.at(frame, next)
    next++
    return true
  }
}

function overObject(object: ReadonlyMap<string, Value>, set: (frame: Frame, value: Value) => void, removal: Removal | null): Advance {
  const entries = object.entries()
  return (frame) => {
    const entry = entries.next()
    if (entry.done) return false
    set(frame, entry.value[1])
    removal?.at(frame, entry.value[0])
    return true
  }
}

/** `foreach.remove` inside the loop: takes the current element out of the variable that is iterated. */
class Removal {
  /** Index or key of the current element. */
  private readonly current: number
  /** How many list elements were removed before it. */
  private readonly removed: number

  constructor(step: Step) {
    this.current = step.hiddenSlot()
    this.removed = step.hiddenSlot()
    const place = step.subjectPlace()
    if (place) step.onRemove((frame) => this.remove(frame, place))
  }

  begin(frame: Frame): void {
    frame.slots[this.removed] = 0
  }

  at(frame: Frame, key: number | string): void {
    frame.slots[this.current] = key
  }

  private remove(frame: Frame, place: Place): void {
    const key = frame.slots[this.current]
    const container = place.edit(frame)
    if (isObj(container) && typeof key === 'string') container.delete(key)
    else if (isList(container) && typeof key === 'number') {
      const removed = frame.slots[this.removed] as number
      container.splice(key - removed, 1)
      frame.slots[this.removed] = removed + 1
    }
    frame.slots[this.current] = null
  }
}

const foreachRemove: StatementSpec = {
  name: 'foreach.remove',
  aliases: ['remove'],
  group: 'control',
  summary: 'Removes the current element from the variable that foreach goes over.',
  examples: ['foreach ($list) {\n  each as $item {\n    conditional {\n      if ($item > 2) {\n        foreach.remove\n      }\n    }\n  }\n}'],
  compile(step) {
    const remove = step.remover() ?? step.fail('foreach.remove stands outside a foreach over a variable.')
    return { async: false, run: (frame) => void remove(frame) }
  },
}

const removals = [foreachRemove.name, ...(foreachRemove.aliases ?? [])]
/** Whether an element is removed somewhere inside. */
const removesIn = (statements: readonly Statement[]): boolean =>
  statements.some((statement) => removals.includes(statement.name) || statement.blocks.some((block) => removesIn(block.statements)))

export const loopStatements = [forLoop, foreach, foreachRemove, whileLoop]
