/** What is wrong with a definition, at an offset of the builder's text. All problems of a document are collected. */
export interface DefinitionProblem {
  message: string
  /** Offset in the source (UTF-16 units); absent for definitions that came as JSON. */
  at?: number
  hint?: string
}

/** A problem at a node; nodes of stored definitions have no position. */
export function problemAt(node: { at?: number } | undefined, message: string, hint?: string): DefinitionProblem {
  const problem: DefinitionProblem = { message }
  if (node?.at !== undefined) problem.at = node.at
  if (hint !== undefined) problem.hint = hint
  return problem
}
