/** JavaScript of the builder as a statement. */
import { toDecimal, toText } from '../runtime/convert.js'
import type { StatementSpec } from '../runtime/define.js'
import { defaultTimeout, runJavaScript } from '../runtime/javascript.js'

const lambda: StatementSpec = {
  name: 'api.lambda',
  group: 'apis and lambdas',
  summary: 'Runs JavaScript or TypeScript apart from the server: no network, files, modules or environment; only data goes in and comes out.',
  args: {
    code: {
      type: 'text (JS/TS)',
      summary: 'May return and await; sees $var, $input, $auth and $env. console writes to the logs of a debug run.',
      required: true,
    },
    timeout: { type: 'int', summary: 'Seconds.', default: defaultTimeout },
  },
  result: 'What the code returns, as JSON; null when it returns nothing.',
  examples: ['api.lambda {\n  code = "return $input.a + 1"\n  timeout = 10\n} as $r'],
  compile(step) {
    const tree = step.tree('code')
    const [readCode, readTimeout] = [step.value('code'), step.value('timeout')]
    const read = step.variablesFor(tree?.type === 'text' ? tree.value : null)
    return {
      async: true,
      async run(frame) {
        const call = { code: toText(readCode(frame)), driver: 'return call()', timeout: toDecimal(readTimeout(frame)) }
        step.store(frame, await runJavaScript(frame, read, call))
        return undefined
      },
    }
  },
}

export const lambdaStatements = [lambda]
