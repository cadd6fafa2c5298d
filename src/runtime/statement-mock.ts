/** `mock`: what a statement answers while a unit test runs. */
import type { Action, Step } from './define.js'
import { compileEscape } from './expression.js'
import type { Evaluate, Frame } from './frame.js'
import type { Lexical } from './scope.js'
import type { StatementCompiler } from './statement.js'
import { waits } from './waiting.js'

/** The action, or the answer of the mock for the test that runs instead; itself for a statement without mocks. */
export function withMock(c: StatementCompiler, step: Step, action: Action, at: Lexical): Action {
  const mock = step.statement.args.find((arg) => arg.name === 'mock')
  if (mock?.value.type !== 'object') return action
  const answers = new Map<string, Evaluate>()
  if (waits(mock.value, c.registry)) step.fail('JavaScript cannot stand in a mock.')
  for (const entry of mock.value.entries) if (entry.type === 'entry') answers.set(entry.key, compileEscape(c, entry.value, at))
  // `var $x { value = …, mock = … }`: the answer is what the variable gets.
  const variable = /^var(?:\.update)?$/.test(step.statement.name) ? step.place() : null
  const answer = (frame: Frame): boolean => {
    const read = frame.run.test === undefined ? undefined : answers.get(frame.run.test)
    if (!read) return false
    if (variable === null) step.store(frame, read(frame))
    else variable.write(frame, read(frame))
    return true
  }
  if (action.async) return { async: true, run: async (frame) => (answer(frame) ? undefined : action.run(frame)) }
  return { async: false, run: (frame) => (answer(frame) ? undefined : action.run(frame)) }
}
