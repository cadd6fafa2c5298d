/** Several documents in one text, joined by lines that hold only `---`. */
import { readText } from './lexer-text.js'

/** One document of a text. */
export interface DocumentPart {
  text: string
  /** Offset and line (from 1) in the whole text. */
  offset: number
  line: number
}

const heredocEnd = /("""|''')[ \t]*\r?$/

/** Splits a text into its documents; separators inside heredocs are text. */
export function splitDocuments(text: string): DocumentPart[] {
  const parts: DocumentPart[] = []
  let part: DocumentPart = { text: '', offset: 0, line: 1 }
  let line = 1
  for (let at = 0; at <= text.length; ) {
    const end = lineEnd(text, at)
    const content = text.slice(at, end)
    const opened = heredocEnd.test(content) ? heredocStart(content) : -1
    let next = end + 1
    if (content.trim() === '---') {
      parts.push({ ...part, text: text.slice(part.offset, at) })
      part = { text: '', offset: Math.min(next, text.length), line: line + 1 }
    } else if (opened >= 0) next = lineEnd(text, readText(text, at + opened).end) + 1
    line += countLines(text, at, next)
    at = next
  }
  parts.push({ ...part, text: text.slice(part.offset) })
  return parts
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

function countLines(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** Where a heredoc opens in a line that ends with three quotes; -1 when those quotes are text or comment. */
function heredocStart(line: string): number {
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? ''
    if (char === '/' && line[at + 1] === '/') return -1
    if (char !== '"' && char !== "'") continue
    const triple = char.repeat(3)
    if (line.startsWith(triple, at)) {
      if (line.slice(at + 3).trim() === '') return at
      const close = line.indexOf(triple, at + 3)
      if (close === -1) continue
      at = close + 2
      continue
    }
    at = quotedEnd(line, at, char)
  }
  return -1
}

function quotedEnd(line: string, at: number, quote: string): number {
  for (let end = at + 1; end < line.length; end++) {
    if (line[end] === '\\') end += 1
    else if (line[end] === quote) return end
  }
  return line.length
}
