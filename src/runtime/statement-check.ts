/** What a builder wrote, held against the spec of the statement. */
import type { Statement } from '../lang/tree.js'
import type { StatementSpec } from './define.js'
import { suggestionHint } from './problem.js'
import { commonArguments, type StatementProblem } from './statement.js'
import type { StatementArguments } from './statement-arguments.js'

interface Written {
  statement: Statement
  spec: StatementSpec
  args: StatementArguments
  /** Where problems go. */
  report(problem: StatementProblem): void
}

/** Reports unknown, missing and doubled arguments and blocks, and a head or result that the statement does not have. */
export function checkStatement(written: Written): void {
  checkArguments(written)
  checkBlocks(written)
  const { statement, spec, report } = written
  const { name, head, condition } = spec
  if (head && head.required !== false && statement.head.length === 0) report({ message: `${name} needs ${article(head.kind)}: ${head.summary}` })
  if (!head && statement.head.length > 0) report({ message: `${name} takes nothing between its name and the block.` })
  if (condition === 'required' && !statement.condition) report({ message: `${name} needs a condition: if (…)` })
  if (!condition && statement.condition) report({ message: `${name} takes no condition.` })
  if (statement.as && spec.result === undefined) report({ message: `${name} has no result to store.`, severity: 'warning' })
}

function checkArguments({ spec, args, report }: Written): void {
  for (const [name, attributes] of args.written) {
    const known = args.spec(name)
    const [first, second] = attributes
    if (!known && !commonArguments.includes(name)) {
      const hint = suggestionHint(name, [...Object.keys(args.specs), ...commonArguments])
      report({ message: `${spec.name} has no argument "${name}".`, ...hint, ...(first?.at === undefined ? {} : { at: first.at }) })
    } else if (second && !known?.repeat) report({ message: `The argument "${name}" appears twice.`, ...(second.at === undefined ? {} : { at: second.at }) })
  }
  for (const [name, { required, summary }] of Object.entries(args.specs))
    if (required && !args.has(name)) report({ message: `${spec.name} needs the argument "${name}".`, hint: summary })
}

function checkBlocks({ statement, spec, report }: Written): void {
  const specs = spec.blocks ?? {}
  for (const { name } of statement.blocks)
    if (!Object.hasOwn(specs, name)) report({ message: `${spec.name} has no block "${name}".`, ...suggestionHint(name, Object.keys(specs)) })
  for (const [name, known] of Object.entries(specs)) {
    const blocks = statement.blocks.filter((block) => block.name === name)
    if (known.required && blocks.length === 0) report({ message: `${spec.name} needs the block "${name}".` })
    if (blocks.length > 1 && !known.repeat) report({ message: `The block "${name}" appears twice.` })
    for (const block of blocks) {
      if (known.head && !block.head) report({ message: `The block "${name}" needs a value in parentheses.` })
      if (known.as === 'required' && block.as === undefined) report({ message: `The block "${name}" needs a variable: ${name} as $item` })
    }
  }
}

/** How messages call the head of a statement. */
export const article = (kind: string): string =>
  kind === 'name' ? 'a name' : kind === 'variable' ? 'a variable' : kind === 'condition' ? 'a condition in parentheses' : 'a value'
