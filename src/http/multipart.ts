/** Reads a `multipart/form-data` body that is already in memory. */
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { AppError } from '../errors.js'
import type { Obj, Value } from '../lib/value.js'
import { UploadedFile } from './uploaded-file.js'

const limits = { fieldNameSize: 200, fields: 1000, files: 50, parts: 1050, headerPairs: 20, headerSize: 4096 }

export interface MultipartBody {
  /** Fields as `name=value` text, to be read by the rules of query strings. */
  fields: string
  files: Obj
}

/** Throws AppError `badRequest` for a malformed body or one past the limits. */
export async function readMultipart(contentType: string, body: Uint8Array): Promise<MultipartBody> {
  const fields: string[] = []
  const files: Obj = new Map()
  await new Promise<void>((resolve, reject) => {
    const refuse = (why: string): void => reject(new AppError('badRequest', `The multipart body ${why}.`))
    const parser = startParser(contentType, body.length)
    parser.on('field', (name: string, value: string) => fields.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`))
    parser.on('file', (field, stream, filename, _encoding, mime) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('error', () => refuse('is cut off'))
      stream.on('end', () => addFile(files, field, new UploadedFile(baseName(filename), mime, Buffer.concat(chunks))))
    })
    for (const [event, why] of [
      ['partsLimit', 'has too many parts'],
      ['filesLimit', 'has too many files'],
      ['fieldsLimit', 'has too many fields'],
    ] as const)
      parser.on(event, () => refuse(why))
    parser.on('error', () => refuse('is malformed'))
    parser.on('finish', resolve)
    parser.end(body)
  })
  return { fields: fields.join('&'), files }
}

function startParser(contentType: string, size: number): BusboyInstance {
  try {
    return new Busboy({ headers: { 'content-type': contentType }, limits: { ...limits, fieldSize: size, fileSize: size } })
  } catch {
    throw new AppError('badRequest', 'The multipart body has no valid boundary.')
  }
}

/** `photos[]` collects a list; a plain name holds one file. */
function addFile(files: Obj, field: string, file: UploadedFile): void {
  const list = field.endsWith('[]')
  const name = list ? field.slice(0, -2) : field
  const held = files.get(name)
  if (!list) files.set(name, file as Value)
  else if (Array.isArray(held)) held.push(file)
  else files.set(name, [file])
}

/** A path in a file name is never wanted. */
const baseName = (name: string | undefined): string => (name ?? '').split(/[\\/]/).at(-1)?.replaceAll('\0', '') ?? ''
