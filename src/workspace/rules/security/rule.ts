/** A rule about the security of what a workspace holds: it looks at one definition at a time and says what is wrong and what to do. */
import type { Definition } from '../../../lang/tree.js'
import type { SecurityContext } from './context.js'

export interface RuleFinding {
  message: string
  /** What to write instead. */
  fix: string
  /** Offset in the source; absent for definitions that came as JSON or from storage. */
  at?: number
  /** Line in the builder's own document, where it is known. */
  line?: number
  /** The reason that the definition itself gives for it. */
  accepted?: string
}

export interface SecurityRule {
  id: string
  title: string
  /** Errors stop a save in strict mode; warnings are reported only. */
  severity: 'error' | 'warning'
  /** Production does not store what it finds, strict or not, accepted or not. */
  refusedInProduction?: true
  /** Line of the security checklist it belongs to: `C5`. */
  seed: string
  /** Kinds of constructs it looks at. */
  kinds: readonly string[]
  check(definition: Definition, context: SecurityContext): RuleFinding[]
}

interface Located {
  at?: number
  line?: number
}

/** A finding at a node of the tree. */
export function findingAt(node: Located | undefined, message: string, fix: string): RuleFinding {
  return { message, fix, ...(node?.at === undefined ? {} : { at: node.at }), ...(node?.line === undefined ? {} : { line: node.line }) }
}
