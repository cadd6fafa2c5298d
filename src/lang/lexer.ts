/** Tokens on demand: `lex(text, offset)` reads one token, so that the parser can switch to raw spellings where the language does. */
import { type ReadText, readText } from './lexer-text.js'
import { matchAt, timestampText } from './names.js'
import type { Token, TokenKind } from './token.js'

const operators = [
  '...',
  '===',
  '!==',
  '?:',
  '??',
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '..',
  '@>',
  '!~',
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ',',
  ':',
  '.',
  '|',
  '?',
  '!',
  '=',
  '<',
  '>',
  '+',
  '-',
  '*',
  '/',
  '%',
  '~',
  '@',
]
const operatorsByFirst = new Map<string, string[]>()
for (const op of operators) operatorsByFirst.set(op[0] ?? '', [...(operatorsByFirst.get(op[0] ?? '') ?? []), op])

const blank = /[ \t\r\f\v\u00a0\ufeff\u2028\u2029\u2000-\u200b\u3000]*/y
const wordPattern = /[A-Za-z_][A-Za-z0-9_]*/y
const numberPattern = /[0-9]+(?:\.[0-9]+)?/y
const digitWordPattern = /[0-9]+[A-Za-z_][A-Za-z0-9_]*/y
const variablePattern = /\$(?:[A-Za-z_][A-Za-z0-9_]*|\$|[0-9]+|\[-?[0-9]+\])/y
const identifierCharacter = /[\p{L}\p{M}\p{N}_]+/uy

/** Reads the token at or after an offset. Never throws; what cannot be read is a `bad` token with a problem. */
export function lex(text: string, from: number): Token {
  const token: Token = { kind: 'eof', value: '', start: from, end: from, newline: false, spaced: false, comments: [] }
  const start = skipTrivia(text, from, token)
  token.start = start
  token.end = start
  token.spaced = start > from
  if (start < text.length) readToken(text, start, token)
  return token
}

function skipTrivia(text: string, from: number, token: Token): number {
  let at = from
  for (;;) {
    blank.lastIndex = at
    blank.exec(text)
    at = blank.lastIndex
    const char = text[at]
    if (char === '\n') {
      token.newline = true
      at += 1
    } else if (char === '/' && text[at + 1] === '/') {
      const next = text.indexOf('\n', at)
      const end = next === -1 ? text.length : next
      if (token.newline || from === 0) token.comments.push(commentText(text.slice(at + 2, end)))
      else token.trailingComment ??= at
      at = end
    } else return at
  }
}

const commentText = (raw: string): string => (raw.startsWith(' ') ? raw.slice(1) : raw).trimEnd()

function readToken(text: string, at: number, token: Token): void {
  const char = text[at] ?? ''
  if (isWordStart(char)) set(token, 'word', matchAt(wordPattern, text, at))
  else if (char >= '0' && char <= '9') readNumber(text, at, token)
  else if (char === '"' || char === "'") setText(token, readText(text, at))
  else if (char === '$') readVariable(text, at, token)
  else if (char === '`') set(token, 'quote', text.startsWith('```', at) ? '```' : '`')
  else {
    const op = operatorsByFirst.get(char)?.find((candidate) => text.startsWith(candidate, at))
    if (op === undefined) readBad(text, at, token)
    else set(token, 'op', op)
  }
}

function setText(token: Token, { value, end, problem }: ReadText): void {
  token.kind = 'text'
  token.value = value
  token.end = end
  if (problem !== undefined) token.problem = problem
}

const isWordStart = (char: string): boolean => (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_'

function set(token: Token, kind: TokenKind, value: string): void {
  token.kind = kind
  token.value = value
  token.end = token.start + value.length
}

function readNumber(text: string, at: number, token: Token): void {
  const timestamp = matchAt(timestampText, text, at)
  const word = matchAt(digitWordPattern, text, at)
  if (timestamp !== '') set(token, 'timestamp', timestamp)
  else if (word === '') set(token, 'number', matchAt(numberPattern, text, at))
  else {
    set(token, 'word', word)
    if (foreignNumber.test(word))
      token.problem = { message: `\`${word}\` is not a number.`, hint: 'Numbers are digits with an optional fraction: 1000 or 0.5.', at }
  }
}

/** Hexadecimal, with an exponent, or with underscores. */
const foreignNumber = /^(?:0[xX][0-9a-fA-F]+|[0-9]+[eE][0-9]*|[0-9]+(?:_[0-9]+)+)$/

/** `$` alone is a variable without a name: servers wrote it for a value that no longer exists. */
function readVariable(text: string, at: number, token: Token): void {
  const variable = matchAt(variablePattern, text, at)
  set(token, 'variable', variable === '' ? '$' : variable)
  token.value = variable.slice(1)
}

const badHints: Readonly<Record<string, string>> = {
  '#': 'Comments start with //.',
  ';': 'Statements end at the end of the line.',
  '&': 'The logical and is `&&`.',
  '\\': 'A backslash has a meaning only inside a text.',
}

function readBad(text: string, at: number, token: Token): void {
  const word = matchAt(identifierCharacter, text, at)
  const shown = word !== '' ? word : String.fromCodePoint(text.codePointAt(at) ?? 0)
  set(token, 'bad', shown)
  if (shown === '\\' && (text[at + 1] === '"' || text[at + 1] === "'" || text[at + 1] === '\\')) token.end += 1
  const hint = word !== '' ? 'Names that are not plain ASCII letters need quotes.' : badHints[shown]
  const message = `\`${shown.slice(0, 40)}\` is not part of the language here.`
  token.problem = hint === undefined ? { message, at } : { message, hint, at }
}

/** The member name right after a `.`: digits, a word (`dashed`: with hyphens too), a text or `$name`. Undefined when none follows. */
export function lexMemberName(text: string, at: number, dashed: boolean): { value: string; style: 'word' | 'text' | 'variable'; end: number } | undefined {
  const word = (dashed ? matchAt(dashedWord, text, at) : '') || matchAt(memberWord, text, at)
  if (word !== '') return { value: word, style: 'word', end: at + word.length }
  const char = text[at]
  if (char === '"' || char === "'") {
    const read = readText(text, at)
    return read.problem === undefined ? { value: read.value, style: 'text', end: read.end } : undefined
  }
  const variable = matchAt(variablePattern, text, at)
  return variable === '' ? undefined : { value: variable, style: 'variable', end: at + variable.length }
}
const dashedWord = /[A-Za-z_][\w]*(?:-[A-Za-z_][\w]*)*/y
const memberWord = /[0-9]+(?![A-Za-z_0-9])|[\p{L}_][\p{L}\p{M}\p{N}_]*|[0-9][\w]*/uy
