/** Every check of a proposed workspace, in the order in which problems are reported. */
import { duplicateGuid } from './duplicate-guid.js'
import { duplicateName } from './duplicate-name.js'
import { ownProblems } from './own-problems.js'
import { pathConflict } from './path-conflict.js'
import type { Rule } from './rule.js'
import { unresolvedReference } from './unresolved-reference.js'

export type { Finding, Rule } from './rule.js'

export const rules: readonly Rule[] = [ownProblems, duplicateGuid, duplicateName, unresolvedReference, pathConflict]
