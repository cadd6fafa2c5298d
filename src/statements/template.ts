/** Filling templates. */
import { fatal } from '../errors.js'
import type { Obj, Value } from '../lib/value.js'
import { toText } from '../runtime/convert.js'
import type { StatementSpec, Step } from '../runtime/define.js'
import type { Frame } from '../runtime/frame.js'
import { release } from '../runtime/ownership.js'
import { readAuth, readSystemEnvironment } from '../runtime/roots.js'

/** No template takes longer, in ms. */
const longestFill = 5_000

/** What a template can name: every variable that is set, and the roots. */
function variablesOf(frame: Frame, slots: ReadonlyMap<string, number>): Obj {
  const variables: Obj = new Map()
  for (const [name, slot] of slots) {
    const value: Value | undefined = frame.slots[slot]
    if (value === undefined) continue
    release(frame, slot)
    variables.set(name, value)
  }
  const roots: [string, Value][] = [
    ['var', new Map(variables)],
    ['input', frame.input],
    ['auth', readAuth(frame)],
    ['env', new Map([...frame.run.env, ...readSystemEnvironment(frame)])],
  ]
  return new Map([...variables, ...roots])
}

/** What fills a template with the variables of the program around a statement. */
export function compileFill(step: Step): (frame: Frame, source: string) => Promise<string> {
  const slots = step.variables()
  return async (frame, source) => {
    const { templates, budget } = frame.run
    if (templates === undefined) throw fatal('Templates cannot be filled here: this run was given no template engine.')
    const left = budget.limits.maxMilliseconds - (performance.now() - budget.startedAt)
    return templates.fill(source, variablesOf(frame, slots), Math.min(left, longestFill))
  }
}

const templateEngine: StatementSpec = {
  name: 'util.template_engine',
  group: 'utility',
  summary: `Fills a Twig template; variables are named as in expressions. HTML is escaped unless |raw says otherwise; at most ${longestFill / 1000} seconds.`,
  args: {
    value: {
      type: 'text',
      summary: 'The template: {{ $order.total }}, {% if $n > 1 %}, {% for $item in $items %}, Twig filters and functions; no other files.',
      required: true,
    },
  },
  result: 'The text.',
  examples: ['util.template_engine {\n  value = "Hi {{ $input.name|upper }}"\n} as $text'],
  compile(step) {
    const read = step.value('value')
    const fill = compileFill(step)
    return {
      async: true,
      async run(frame) {
        step.store(frame, await fill(frame, toText(read(frame))))
        return undefined
      },
    }
  },
}

export const templateStatements = [templateEngine]
