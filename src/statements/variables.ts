/** Declaring and changing variables. */
import type { ArgumentSpec, StatementSpec } from '../runtime/define.js'

const value: ArgumentSpec = { type: 'any', summary: 'The new value.', required: true }

const declareVariable: StatementSpec = {
  name: 'var',
  group: 'variables',
  summary: 'Declares or overwrites a variable; it is known in the whole function.',
  head: { kind: 'variable', summary: 'The variable.' },
  args: { value },
  examples: ['var $total { value = 0 }'],
  compile(step) {
    const place = step.place()
    const read = step.update('value')
    return { async: false, run: (frame) => void place.write(frame, read(frame)) }
  },
}

const updateVariable: StatementSpec = {
  name: 'var.update',
  group: 'variables',
  summary: 'Changes a declared variable, or the value at a path in it; missing objects on the path are made.',
  head: { kind: 'variable', summary: 'The variable or path.' },
  args: { value },
  examples: ['var.update $total { value = $total + 1 }', 'var.update $order.status { value = "paid" }'],
  compile(step) {
    const place = step.place()
    const read = step.update('value')
    return {
      async: false,
      run(frame) {
        place.read(frame)
        place.write(frame, read(frame))
      },
    }
  },
}

export const variableStatements = [declareVariable, updateVariable]
