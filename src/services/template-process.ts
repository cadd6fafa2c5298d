/** The process that fills Twig templates: no files, no environment, no methods of JavaScript objects, only the names below. */
import {
  createSynchronousArrayLoader,
  createSynchronousEnvironment,
  isAMarkup,
  isATwingError,
  type TwingSandboxSecurityPolicy,
  type TwingSynchronousEnvironment,
} from 'twing'
import type { Value } from '../lib/value.js'

export interface TemplateJob {
  source: string
  variables: Map<string, Value>
}
export type TemplateOutcome = { text: string } | { error: string; line: number | null }

const tags = words('apply autoescape block do filter for if macro import from set spaceless verbatim with')
const filters = words(`abs batch capitalize column date date_modify default e escape filter first format join json_encode keys last length lower map
  merge nl2br number_format raw reduce replace reverse round slice sort spaceless split striptags title trim upper url_encode`)
const functions = words('cycle date max min random range')

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

/** Data may be read; nothing that belongs to JavaScript may be called. */
const policy: TwingSandboxSecurityPolicy = {
  checkMethodAllowed(candidate, method) {
    if (method.toLowerCase() !== 'tostring' || !(isAMarkup(candidate) || candidate instanceof Map || Array.isArray(candidate)))
      throw new Error(`Templates cannot call "${method}".`)
  },
  checkPropertyAllowed(candidate, property) {
    if (!(candidate instanceof Map) && !Array.isArray(candidate)) throw new Error(`Templates cannot read "${property}" here.`)
  },
  checkSecurity(usedTags, usedFilters, usedFunctions) {
    const refuse = (type: 'tag' | 'filter' | 'function', used: string[], allowed: ReadonlySet<string>) => {
      const token = used.find((name) => !allowed.has(name))
      return token === undefined ? null : { type, token, message: `The ${type} "${token}" cannot be used in templates.` }
    }
    return refuse('tag', usedTags, tags) ?? refuse('filter', usedFilters, filters) ?? refuse('function', usedFunctions, functions)
  },
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#039;' }
/** As Twig: single quotes too. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? character)

/** What stands for a missing value in front of a filter that would fail on it. */
const standIns: readonly [filters: ReadonlySet<string>, value: () => unknown][] = [
  [words('format lower nl2br raw replace striptags title trim upper'), () => ''],
  [words('column filter map merge reverse sort'), () => new Map()],
  [words('abs'), () => 0],
]

/** A missing variable is empty, in front of a filter too. */
function acceptMissing(environment: TwingSynchronousEnvironment): void {
  for (const [names, standIn] of standIns)
    for (const name of names) {
      const filter = environment.filters.get(name)
      if (filter === undefined) continue
      const callable: typeof filter.callable = (context, value, ...rest) => filter.callable(context, value ?? standIn(), ...rest)
      environment.addFilter({ ...filter, callable })
    }
}

const templateName = 'template'

/** Longest text a template may give, in UTF-16 units. */
const longestText = 10_000_000

function fill({ source, variables }: TemplateJob): TemplateOutcome {
  try {
    const loader = createSynchronousArrayLoader({ [templateName]: source })
    const environment = createSynchronousEnvironment(loader, { autoEscapingStrategy: 'html', sandboxPolicy: policy, timezone: 'UTC' })
    environment.registerEscapingStrategy(escapeHtml, 'html')
    acceptMissing(environment)
    const text = environment.loadTemplate(templateName).render(environment, variables, { sandboxed: true, strict: false })
    return text.length > longestText ? { error: `The text is longer than ${longestText} characters.`, line: null } : { text }
  } catch (error) {
    if (!isATwingError(error as Error)) return { error: error instanceof Error ? error.message : String(error), line: null }
    const { rootMessage, location } = error as Error & { rootMessage?: string; location?: { line?: number } }
    return { error: rootMessage ?? (error as Error).message, line: location?.line ?? null }
  }
}

process.on('message', (job: TemplateJob) => void process.send?.(fill(job)))
process.on('disconnect', () => process.exit())
process.send?.('ready')
