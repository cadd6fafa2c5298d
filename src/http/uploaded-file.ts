/** A file of a multipart request. Only such a part makes one: no JSON text can. */
import { Resource } from '../lib/value.js'

export class UploadedFile extends Resource {
  readonly kind = 'file'
  readonly name: string
  readonly mime: string
  readonly bytes: Uint8Array

  constructor(name: string, mime: string, bytes: Uint8Array) {
    super()
    this.name = name
    this.mime = mime
    this.bytes = bytes
  }

  get size(): number {
    return this.bytes.length
  }
}
