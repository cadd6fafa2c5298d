/** `stackhold pull`: one file per document. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { textAttribute } from '../definitions/attributes.js'
import { constantOf } from '../definitions/constant.js'
import { openGrammar } from '../lang/grammar.js'
import { splitDocuments } from '../lang/multidoc.js'
import { parseDocuments } from '../lang/parser.js'
import type { Definition } from '../lang/tree.js'
import { callRemote, type RemoteOptions } from './remote.js'

export interface PullOptions extends RemoteOptions {
  env?: boolean
  records?: boolean
}

export async function pullCommand(directory: string, options: PullOptions): Promise<void> {
  const text = await callRemote(options, { method: 'GET', path: '/multidoc', query: { env: options.env, records: options.records } })
  const documents = splitDocuments(text).map((part) => part.text.trim())
  const taken = new Set<string>()
  for (const document of documents.filter((one) => one !== '')) {
    const definition = parseDocuments(document, openGrammar).definitions[0]?.definition
    const file = join(directory, unique(definition === undefined ? 'document' : fileName(definition), taken))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${document}\n`)
  }
  process.stdout.write(`Wrote ${taken.size} files to ${directory}.\n`)
}

/** Path below the directory, without `.xs`: `table/user`, `api/blog/post_id_GET`, `function/math/double`. */
export function fileName(definition: Definition): string {
  if (definition.kind === 'api_group') return `api/${plain(definition.name)}/api_group`
  if (definition.kind !== 'query') return definition.name === '' ? definition.kind : `${definition.kind}/${definition.name.split('/').map(plain).join('/')}`
  const verb = definition.headAttributes.find((attribute) => attribute.name === 'verb')
  return `api/${plain(textAttribute(definition, 'api_group') ?? '')}/${plain(definition.name)}_${plain(String(verb === undefined ? 'GET' : constantOf(verb.value)))}`
}

/** Nothing that a file system, or a step out of the directory, could be made of. */
const plain = (name: string): string => name.replace(/[^\p{L}\p{N}-]+/gu, '_').replace(/^_+|_+$/g, '') || '_'

/** Two names that became one get a number; file systems may not tell upper from lower case. */
function unique(name: string, taken: Set<string>): string {
  for (let n = 1; ; n++) {
    const file = `${name}${n === 1 ? '' : `-${n}`}.xs`
    if (taken.has(file.toLowerCase())) continue
    taken.add(file.toLowerCase())
    return file
  }
}
