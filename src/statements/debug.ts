/** Looking into a run. */
import { fatal } from '../errors.js'
import { toPlain } from '../lib/value.js'
import { toText } from '../runtime/convert.js'
import { defineStatement } from '../runtime/define.js'

/** More logs than this are dropped. */
const maxLogs = 1000

const log = defineStatement({
  name: 'debug.log',
  group: 'debug',
  summary: 'Adds a value to the logs of a debug run; nothing in a normal request.',
  args: { value: { type: 'any', summary: 'What is logged.', required: true } },
  examples: ['debug.log { value = $x }'],
  run({ value }, { run: { logs } }) {
    if (logs !== null && logs.length < maxLogs) logs.push(value ?? null)
    return null
  },
})

const stop = defineStatement({
  name: 'debug.stop',
  group: 'debug',
  summary: 'Ends the run with a value, as an error that nothing catches.',
  args: { value: { type: 'any', summary: 'Payload of the error.' } },
  examples: ['debug.stop { value = $x }'],
  run({ value }, { run: { logs } }) {
    if (logs !== null && logs.length < maxLogs) logs.push(value ?? null)
    const isText = typeof value === 'string' && value !== ''
    throw fatal(isText ? toText(value) : 'Stopped by debug.stop.', {
      name: 'DebugStop',
      payload: toPlain(value ?? null),
      result: value ?? null,
      hint: 'Remove debug.stop to run to the end.',
    })
  },
})

export const debugStatements = [log, stop]
