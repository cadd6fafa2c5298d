/** The file of an import: the body itself or the file part of a form, put on disk so that no transaction waits for the network. */
import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, type ReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { AppError } from '../../errors.js'
import type { MetaCall } from './route.js'

/** Bytes of a file. */
export const fileMax = 1_073_741_824

export interface ImportSource {
  /** Value of an option, from the form or the query; `""` when absent. */
  option(name: string): string
  /** Media type and name of the file, as far as they are known. */
  type: string
  filename: string
  bytes: number
  read(): ReadStream
  /** Deletes the file; call it when all is done. */
  discard(): Promise<void>
}

/** Throws `badRequest` for a malformed form, `payloadTooLarge` past {@link fileMax}. */
export async function openSource(call: MetaCall): Promise<ImportSource> {
  const { body } = call
  if (body.kind !== 'stream') throw new AppError('badRequest', 'Send the file as the body, or as a file of a multipart form.')
  const path = join(tmpdir(), `stackhold-import-${randomBytes(12).toString('hex')}`)
  const discard = (): Promise<void> => rm(path, { force: true })
  try {
    const isForm = body.type.toLowerCase().startsWith('multipart/form-data')
    const received = isForm
      ? await receiveForm(body.type, body.stream, path)
      : { fields: new Map(), type: body.type, filename: '', bytes: await save(body.stream, path) }
    return {
      option: (name) => received.fields.get(name) ?? call.query(name),
      type: received.type.split(';')[0]?.trim().toLowerCase() ?? '',
      filename: received.filename,
      bytes: received.bytes,
      read: () => createReadStream(path, { highWaterMark: 262_144 }),
      discard,
    }
  } catch (error) {
    await discard()
    throw error
  }
}

async function save(stream: Readable, path: string): Promise<number> {
  let bytes = 0
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > fileMax) done(new AppError('payloadTooLarge', `The file is larger than ${fileMax} bytes.`))
      else done(null, chunk)
    },
  })
  try {
    await pipeline(stream, count, createWriteStream(path, { mode: 0o600, flags: 'wx' }))
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('badRequest', 'The file did not arrive whole.', { cause: error })
  }
  return bytes
}

interface Received {
  fields: Map<string, string>
  type: string
  filename: string
  bytes: number
}

async function receiveForm(contentType: string, stream: Readable, path: string): Promise<Received> {
  const fields = new Map<string, string>()
  const refuse = (why: string): AppError => new AppError('badRequest', `The multipart body ${why}.`)
  const parser = startParser(contentType)
  let file: Promise<Omit<Received, 'fields'>> | undefined
  parser.on('field', (name: string, value: string) => fields.set(name, value))
  const finished = new Promise<void>((resolve, reject) => {
    parser.on('file', (_field: string, part: unknown, filename: string | undefined, _encoding: string, type: string) => {
      file = save(part as Readable, path).then((bytes) => ({ type, filename: filename ?? '', bytes }))
      file.catch(reject)
    })
    for (const [event, why] of [
      ['partsLimit', 'has too many parts'],
      ['filesLimit', 'has more than one file'],
      ['fieldsLimit', 'has too many fields'],
    ] as const)
      parser.on(event, () => reject(refuse(why)))
    parser.on('error', () => reject(refuse('is malformed')))
    parser.on('finish', resolve)
    stream.on('error', () => reject(refuse('did not arrive whole')))
    stream.on('close', () => {
      if (!stream.readableEnded) reject(refuse('did not arrive whole'))
    })
  })
  stream.pipe(parser)
  try {
    await finished
  } catch (error) {
    stream.unpipe(parser)
    stream.resume()
    throw error
  }
  if (file === undefined) throw refuse('has no file')
  return { fields, ...(await file) }
}

function startParser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { fieldNameSize: 200, fieldSize: 65_536, fields: 20, files: 1, parts: 21, headerPairs: 20, headerSize: 4096 },
    })
  } catch {
    throw new AppError('badRequest', 'The multipart body has no valid boundary.')
  }
}
