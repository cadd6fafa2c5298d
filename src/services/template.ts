/** Fills Twig templates in processes of their own. */
import { fileURLToPath } from 'node:url'
import { fatal } from '../errors.js'
import { type Obj, Resource, type Value, WholeDecimal } from '../lib/value.js'
import type { Templates } from '../runtime/capabilities.js'
import { createProcessPool } from './process-pool.js'
import type { TemplateJob, TemplateOutcome } from './template-process.js'
import { toTwig } from './template-spelling.js'

export interface TemplateService extends Templates {
  /** Ends the processes. */
  close(): void
}

const memoryLimitMb = 128
const longestQueue = 1000

const failures = {
  busy: 'It takes too long.',
  time: 'It takes too long.',
  gone: 'It needs too much memory.',
  lost: 'It could not be filled.',
}

/** `processes` templates are filled at once; further ones wait. The first use starts them. */
export function createTemplates({ processes = 2 }: { processes?: number } = {}): TemplateService {
  const pool = createProcessPool<TemplateJob, TemplateOutcome>({ args: processArguments }, { processes, longestQueue })
  return {
    async fill(source, variables, milliseconds) {
      const twig = toTwig(source)
      const finished = await pool.run({ source: twig, variables: mentioned(twig, variables) }, { work: milliseconds, patience: milliseconds })
      const outcome = 'outcome' in finished ? finished.outcome : { error: failures[finished.failure], line: null }
      if ('text' in outcome) return outcome.text
      throw fatal(`Template: ${outcome.error}`, {
        hint: outcome.line === null ? 'Correct the template.' : `Correct line ${outcome.line} of the template.`,
        name: 'TemplateError',
      })
    },
    close: () => pool.close(),
  }
}

/** The compiled file beside this one. Run from its source (development, tests), tsx reads it, as it does the rest. */
function processArguments(): string[] {
  const fromSource = import.meta.url.endsWith('.ts')
  const file = fileURLToPath(new URL(fromSource ? './template-process.ts' : './template-process.js', import.meta.url))
  return [`--max-old-space-size=${memoryLimitMb}`, ...(fromSource ? ['--import', 'tsx'] : []), file]
}

/** Only what the template names crosses to the process. */
function mentioned(source: string, variables: Obj): Map<string, Value> {
  const out = new Map<string, Value>()
  for (const [name, value] of variables) if (source.includes(name)) out.set(name, transferable(value))
  return out
}

/** Handles of files and streams mean nothing elsewhere. */
function transferable(value: Value): Value {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(transferable)
  if (value instanceof Resource) return null
  if (value instanceof WholeDecimal) return value.value
  return new Map([...value].map(([name, member]) => [name, transferable(member)]))
}
