/** Bytes as text: UTF-8 only, without a byte order mark, without NUL. */
export class TextStreamError extends Error {}

/** Decodes chunks as they come. Throws {@link TextStreamError} for invalid UTF-8 and for NUL. */
export async function* decodeText(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch {
      throw new TextStreamError('The file is not valid UTF-8.')
    }
  }
  for await (const chunk of chunks) yield clean(decode(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
  yield clean(decode())
}

function clean(text: string): string {
  if (text.includes('\0')) throw new TextStreamError('The file holds a NUL character, which PostgreSQL cannot store.')
  return text
}
