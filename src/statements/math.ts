/** Arithmetic in place. */
import type { Numeric, Value } from '../lib/value.js'
import type { StatementSpec } from '../runtime/define.js'
import { add, bitwise, divide, modulo, multiply, subtract } from '../runtime/operators.js'

function updating(name: string, summary: string, operate: (a: Value, b: Value) => Numeric): StatementSpec {
  return {
    name,
    group: 'math',
    summary,
    head: { kind: 'variable', summary: 'The number that changes.' },
    args: { value: { type: 'number', summary: 'The second operand.', required: true } },
    examples: [`${name} $n { value = 2 }`],
    compile(step) {
      const place = step.place()
      const read = step.value('value')
      return { async: false, run: (frame) => void place.write(frame, operate(place.read(frame), read(frame))) }
    },
  }
}

export const mathStatements = [
  updating('math.add', 'Adds to a variable.', add),
  updating('math.sub', 'Subtracts from a variable.', subtract),
  updating('math.mul', 'Multiplies a variable.', multiply),
  updating('math.div', 'Divides a variable.', divide),
  updating('math.mod', 'Keeps the remainder of a division.', modulo),
  updating('math.bitwise.and', 'Bitwise and with a variable.', (a, b) => bitwise('&', a, b)),
  updating('math.bitwise.or', 'Bitwise or with a variable.', (a, b) => bitwise('|', a, b)),
  updating('math.bitwise.xor', 'Bitwise exclusive or with a variable.', (a, b) => bitwise('^', a, b)),
]
