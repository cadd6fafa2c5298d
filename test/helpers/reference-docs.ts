/** The reference of statements and filters as Markdown, made from what they tell about themselves. */
import type { FieldType } from '../../src/fields/field-type.js'
import type { InputFilterSpec } from '../../src/fields/input-filters.js'
import type { FilterDescription, RegistryDescription, StatementDescription } from '../../src/runtime/registry.js'
import { stringify } from '../../src/runtime/serialize.js'

/** File name below docs/reference → text. */
export type Pages = ReadonlyMap<string, string>

const slug = (group: string): string => group.toLowerCase().replace(/[^a-z0-9]+/g, '-')
const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``)
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const title = (group: string): string => group.charAt(0).toUpperCase() + group.slice(1)
const generated = '<!-- Generated from the registries: UPDATE=1 npx vitest run test/docs -->\n'

interface Argument {
  name: string
  type: string
  summary: string
  required: boolean
  default: unknown
}

function argumentTable(args: readonly Argument[]): string[] {
  if (args.length === 0) return []
  const rows = args.map((arg) => {
    const standard = arg.required ? 'required' : arg.default === null ? '' : code(JSON.stringify(arg.default))
    return `| ${code(arg.name)} | ${cell(arg.type)} | ${standard} | ${cell(arg.summary)} |`
  })
  return ['', '| Argument | Type | Default | Meaning |', '|---|---|---|---|', ...rows]
}

function statementEntry(statement: StatementDescription): string {
  const { name, aliases, summary, head, condition, args, blocks, result, examples } = statement
  const lines = [`## ${name}`, '', summary]
  if (aliases.length > 0) lines.push('', `Also written ${aliases.map(code).join(', ')}.`)
  if (head) lines.push('', `**Head** (${head.kind}${head.required ? '' : ', optional'}): ${head.summary}`)
  if (condition) lines.push('', `**Condition** (${condition}): \`if (…)\` after the head; \`$this\` is the element, \`$index\` its position.`)
  lines.push(
    ...argumentTable(
      args.map((arg) => ({
        ...arg,
        summary: `${arg.summary}${arg.expression ? ' An expression, evaluated when needed.' : ''}${arg.repeat ? ' May be repeated.' : ''}`,
      })),
    ),
  )
  if (blocks.length > 0)
    lines.push(
      '',
      '| Block | Meaning |',
      '|---|---|',
      ...blocks.map((block) => `| ${code(block.name)}${block.required ? ' (required)' : ''}${block.repeat ? ', repeated' : ''} | ${cell(block.summary)} |`),
    )
  if (result !== null) lines.push('', `**Result** (\`as\`): ${result}`)
  for (const example of examples) lines.push('', '```xs', example, '```')
  return `${lines.join('\n')}\n`
}

function filterEntry(filter: FilterDescription): string {
  const { name, aliases, summary, input, returns, args, faces, examples } = filter
  const lines = [`## ${name}`, '', summary]
  if (aliases.length > 0) lines.push('', `Also written ${aliases.map(code).join(', ')}.`)
  const where = faces.length === 2 ? 'expressions and database queries' : faces[0] === 'query' ? 'database queries only' : 'expressions'
  lines.push('', `**Input**: ${input}. **Result**: ${returns}. **Works in** ${where}.`)
  lines.push(
    ...argumentTable(
      args.map((arg) => ({
        ...arg,
        summary: `${arg.summary}${arg.expression ? ' An expression over `$$`.' : ''}${arg.rest ? ' Takes all further arguments.' : ''}`,
      })),
    ),
  )
  if (examples.length > 0) lines.push('', '```xs', ...examples.map(({ source, result }) => `${source}  // ${result}`), '```')
  return `${lines.join('\n')}\n`
}

function familyPages<T extends { name: string; group: string }>(
  entries: readonly T[],
  what: string,
  print: (entry: T) => string,
): [file: string, title: string, entries: T[], text: string][] {
  const groups = [...new Set(entries.map(({ group }) => group))].sort()
  return groups.map((group) => {
    const members = entries.filter((entry) => entry.group === group).sort((a, b) => (a.name < b.name ? -1 : 1))
    const heading = `${title(group)} ${what}`
    return [`${what}-${slug(group)}.md`, heading, members, `${generated}\n# ${heading}\n\n${members.map(print).join('\n')}`]
  })
}

const also = (aliases: readonly string[] | undefined): string => (aliases?.length ? ` (also ${aliases.map(code).join(', ')})` : '')

function typesPage(types: readonly FieldType[]): string {
  const rows = types.map(
    ({ name, aliases, summary, empty, column }) =>
      `| ${code(name)}${also(aliases)} | ${cell(summary)} | ${empty === null ? '' : code(stringify(empty))} | ${column ? column.sqlType : 'inputs only'} |`,
  )
  return `${generated}\n# Types of inputs and columns\n\nAn input that may be left out and was left out holds the empty value, or null when its type is nullable.\n\n| Type | Holds | Empty | Column |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function inputFiltersPage(filters: readonly InputFilterSpec[]): string {
  const rows = filters.map(({ name, aliases, summary, args }) => {
    const spelling = [name, ...args.map((arg) => (arg.optional ? `[${arg.name}]` : arg.name))].join(':')
    return `| ${code(spelling)}${also(aliases)} | ${cell(summary)} |`
  })
  return `${generated}\n# Input filters\n\nAfter \`filters=\` of an input or a column, joined by \`|\`, applied in the order written: \`text code filters=trim|upper|pattern:^[A-Z]{2}$\`.\n\n| Filter | Meaning |\n|---|---|\n${rows.join('\n')}\n`
}

/** Every page: one for each family, types, input filters, and the index. */
export function referencePages(
  { statements, filters }: RegistryDescription,
  fields: { types: readonly FieldType[]; inputFilters: readonly InputFilterSpec[] },
): Pages {
  const families = [familyPages(statements, 'statements', statementEntry), familyPages(filters, 'filters', filterEntry)]
  const pages = new Map(families.flat().map(([file, , , text]) => [file, text]))
  pages.set('types.md', typesPage(fields.types))
  pages.set('input-filters.md', inputFiltersPage(fields.inputFilters))
  const index = families.map((list, i) => {
    const rows = list.map(([file, heading, members]) => `| [${heading}](${file}) | ${members.map(({ name }) => code(name)).join(' ')} |`)
    return [`## ${i === 0 ? 'Statements' : 'Filters'}`, '', '| Family | Entries |', '|---|---|', ...rows, ''].join('\n')
  })
  const intro = 'The rules they share are in [xanoscript.md](../xanoscript.md). Inputs and columns: [types](types.md), [input filters](input-filters.md).'
  pages.set('README.md', `${generated}\n# Reference\n\n${intro}\n\n${index.join('\n')}`)
  return pages
}
