/** Certificate and key of the server's own TLS, read from files and read again when they were renewed. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:tls'
import { AppError } from '../errors.js'

export interface TlsFiles {
  /** Path of the certificate with its chain, PEM. */
  readonly cert: string
  /** Path of its private key, PEM. */
  readonly key: string
}

export interface TlsMaterial {
  cert: string
  key: string
  /** TLS 1.0 and 1.1 are not spoken (RFC 8996). */
  minVersion: 'TLSv1.2'
}

/** Throws AppError `fatal` for files that cannot be read, do not belong together, have run out, or a key that others may read. */
export function loadTls({ cert, key }: TlsFiles): TlsMaterial {
  const material = { cert: read(cert, 'STACKHOLD_TLS_CERT'), key: read(key, 'STACKHOLD_TLS_KEY'), minVersion: 'TLSv1.2' as const }
  if (process.platform !== 'win32' && (statSync(key).mode & 0o007) !== 0)
    throw new AppError('fatal', `Everyone on this machine can read the TLS key ${key}.`, { hint: `Run: chmod 600 ${key}` })
  const certificate = parse(() => new X509Certificate(material.cert), `STACKHOLD_TLS_CERT: ${cert} is not a certificate in PEM.`)
  const privateKey = parse(() => createPrivateKey(material.key), `STACKHOLD_TLS_KEY: ${key} is not a private key in PEM without a passphrase.`)
  if (!certificate.checkPrivateKey(privateKey)) throw new AppError('fatal', `The TLS key ${key} does not belong to the certificate ${cert}.`)
  if (Date.parse(certificate.validTo) < Date.now())
    throw new AppError('fatal', `The TLS certificate ${cert} ended on ${certificate.validTo}.`, { hint: 'Renew it.' })
  return material
}

function read(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new AppError('fatal', `${name}: ${path} cannot be read.`, { cause, hint: 'Check the path and the permissions of the file.' })
  }
}

function parse<T>(make: () => T, problem: string): T {
  try {
    return make()
  } catch (cause) {
    throw new AppError('fatal', problem, { cause })
  }
}

const checkMs = 60_000

/** Takes renewed files into use without a restart; what cannot be used is told and the old ones stay. The result stops it. */
export function followTls(server: Server, files: TlsFiles, onError: (error: unknown) => void, everyMs = checkMs): () => void {
  const stampOf = (): string => [files.cert, files.key].map((path) => statSync(path).mtimeMs).join()
  let stamp = stampOf()
  const timer = setInterval(() => {
    try {
      const now = stampOf()
      if (now === stamp) return
      stamp = now
      ;(server as unknown as TlsServer).setSecureContext(loadTls(files))
    } catch (error) {
      onError(error)
    }
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
