/** Writing to a reader that may be slow, or gone. */
import type { PassThrough } from 'node:stream'

/** Waits while the reader is slower than the database. */
export async function writeTo(out: PassThrough, text: string): Promise<void> {
  if (out.destroyed) throw new Error('The reader is gone.')
  if (out.write(text)) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      out.off('drain', done)
      out.off('close', done)
      resolve()
    }
    out.on('drain', done)
    out.on('close', done)
  })
}
