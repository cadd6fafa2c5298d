/** Quoted texts and heredocs: from the offset of the opening quote to value and end. */
import type { Token } from './token.js'

/** A decoded text. */
export interface ReadText {
  value: string
  end: number
  problem?: NonNullable<Token['problem']>
}

/** Reads `"…"`, `'…'`, `"""…"""` or `'''…'''` at an offset that holds a quote. */
export function readText(text: string, at: number): ReadText {
  const quote = text[at] ?? '"'
  if (text.startsWith(quote.repeat(3), at)) {
    const heredoc = readHeredoc(text, at, quote)
    if (heredoc !== undefined) return heredoc
  }
  return readQuoted(text, at, quote)
}

const plainRun = { '"': /[^"\\\n]*/y, "'": /[^'\\\n]*/y }

function readQuoted(text: string, at: number, quote: string): ReadText {
  const run = quote === '"' ? plainRun['"'] : plainRun["'"]
  let lineEnd: number | undefined
  let position = at + 1
  for (;;) {
    run.lastIndex = position
    run.exec(text)
    position = run.lastIndex
    const char = text[position]
    if (char === quote) break
    if (char === '\\') {
      if (text[position + 1] === '\n') lineEnd ??= position + 1
      position += 2
    } else if (char === '\n') {
      lineEnd ??= position
      position += 1
    } else return unterminated(text, at, lineEnd ?? text.length)
  }
  const end = position + 1
  if (lineEnd !== undefined && !mayFollowText(text, end)) return unterminated(text, at, lineEnd)
  return { value: decode(text.slice(at + 1, position).replace(/\r\n/g, '\n')), end }
}

const closingBraces = /(?:[ \t]*\r|[ \t]+\}[ \t}]*(?:as[ \t]+\$\w+)?\s*)$/

function unterminated(text: string, at: number, lineEnd: number): ReadText {
  // A brace at the end of the line closes the block around the text: what follows is still read as it was meant.
  const tail = Math.max(at + 1, lineEnd - 200)
  const end = tail + text.slice(tail, lineEnd).replace(closingBraces, '').length
  return {
    value: decode(text.slice(at + 1, end)),
    end,
    problem: { message: 'This text is not closed on its line.', hint: `Add the closing ${text[at]}, or use """ lines for several lines of text.`, at },
  }
}

/** A quote that ends a text of several lines is followed by the end of the value; an opening quote is not. */
const afterText = /[ \t]*(?:\r?\n|$|[,}\])|~:+=!<>?&*%`.]|\/\/|(?:as|if|in|not)\b)/y
function mayFollowText(text: string, end: number): boolean {
  afterText.lastIndex = end
  return afterText.test(text)
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '`': '`', '\\': '\\', '/': '/' }

/** Escapes that are none (`\d`) keep their backslash, as regular expressions in texts expect. */
function decode(raw: string): string {
  if (!raw.includes('\\')) return raw
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (all: string, hex: string | undefined, char: string | undefined) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (escapes[char ?? ''] ?? all),
  )
}

const blanks = /[ \t]*/y
const restOfLine = /[ \t]*(?:\/\/[^\n]*)?\r?\n/y

/** Undefined when the three quotes are an empty text followed by another quote. */
function readHeredoc(text: string, at: number, quote: string): ReadText | undefined {
  const triple = quote.repeat(3)
  restOfLine.lastIndex = at + 3
  if (!restOfLine.test(text)) return readOneLineHeredoc(text, at, triple)
  const contentStart = restOfLine.lastIndex
  for (let line = contentStart; ; ) {
    blanks.lastIndex = line
    blanks.exec(text)
    const quotes = blanks.lastIndex
    if (text.startsWith(triple, quotes) && mayFollowText(text, quotes + 3)) {
      const lines = text.slice(contentStart, Math.max(contentStart, line - 1)).split('\n')
      const body = line === contentStart ? '' : dedent(lines, text.slice(line, quotes))
      return { value: body.replaceAll(`\\${triple}`, triple), end: quotes + 3 }
    }
    const next = text.indexOf('\n', line)
    if (next === -1) break
    line = next + 1
  }
  return {
    value: text.slice(contentStart),
    end: text.length,
    problem: { message: `This ${triple} text is never closed.`, hint: `Close it with a line that holds only ${triple}.`, at },
  }
}

function readOneLineHeredoc(text: string, at: number, triple: string): ReadText | undefined {
  const close = text.indexOf(triple, at + 3)
  const value = close === -1 ? '\n' : text.slice(at + 3, close)
  return value.includes('\n') ? undefined : { value, end: close + 3 }
}

/** Removes the indentation of the closing line; shallower lines lose what they have of it. */
function dedent(lines: string[], indent: string): string {
  return lines
    .map((raw) => {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
      if (line.startsWith(indent)) return line.slice(indent.length)
      let cut = 0
      while (cut < indent.length && (line[cut] === ' ' || line[cut] === '\t')) cut += 1
      return line.slice(cut)
    })
    .join('\n')
}
