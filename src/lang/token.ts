/** What the lexer gives the parser. */

export type TokenKind = 'eof' | 'word' | 'variable' | 'number' | 'timestamp' | 'text' | 'quote' | 'op' | 'bad'

/** A token with what stood before it. */
export interface Token {
  kind: TokenKind
  /** Decoded text of a `text`; name after `$` of a `variable`; else the spelling. */
  value: string
  start: number
  end: number
  /** A line ended before this token. */
  newline: boolean
  /** Blanks or a line end stood before this token. */
  spaced: boolean
  /** Comment lines of their own before this token. */
  comments: string[]
  /** Offset of a comment that followed code on the line of the token before. */
  trailingComment?: number
  /** What is wrong with the token itself. */
  problem?: { message: string; hint?: string; at: number }
}
