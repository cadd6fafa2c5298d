/** Blocks of items, one a line: reading them, separating them, and going on after a broken one. */
import type { Cursor } from './cursor.js'

/** Where a block opened, and what its closing brace was preceded by. */
export interface BlockEnd {
  /** Comment lines before the closing brace. */
  trailing: string | undefined
}

/** Comment lines directly above the current token, as a description. */
export function takeDescription(c: Cursor): string | undefined {
  const text = c.tok.comments.join('\n')
  return text.trim() === '' ? undefined : text
}

/** `{ item NL item … }`: `read` consumes one item or fails; `what` names the block in messages. */
export function readBlock(c: Cursor, what: string, read: () => void): BlockEnd {
  const open = c.expect('{', `Expected \`{\` to open ${what}, found ${c.found}.`)
  return c.nested(() => {
    readItems(c, read)
    const trailing = takeDescription(c)
    if (c.isOp('}')) c.advance()
    else c.error(`The \`{\` of ${what} is never closed.`, open.start, 'Add the missing `}`.')
    return { trailing }
  })
}

function readItems(c: Cursor, read: () => void): void {
  while (!c.atEnd && !c.isOp('}')) {
    const from = c.tok.start
    const done = c.attempt(() => {
      read()
      return true
    })
    if (done === undefined) c.skipItem(from)
    if (!c.accept(',') && done === true && !c.tok.newline && !c.atEnd && !c.isOp('}')) endOnSameLine(c)
    if (c.tok.start === from && !c.isOp('}') && !c.atEnd) c.advance()
  }
}

function endOnSameLine(c: Cursor): void {
  if (c.tok.kind === 'word' || c.isOp('!')) {
    c.warn(`${c.found} should start on its own line.`, c.tok.start, 'Put each entry on a line of its own, or a comma between attributes.')
    return
  }
  const from = c.tok.start
  c.error(`Expected the end of the line, found ${c.found}.`, from, c.isOp(':') ? 'Attributes of a block use `=`; entries of an object use `:`.' : undefined)
  c.skipItem(from)
}
