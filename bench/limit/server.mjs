// The limit: the same six endpoints written by hand on Fastify 5 and pg. Env: PORT, DATABASE_URL.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import argon2 from 'argon2'
import Fastify from 'fastify'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const rows = async (name, text, values) => (await pool.query({ name, text, values })).rows
const key = Buffer.alloc(32, 7)
const header = Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url')
const columns = 'id, created_at, name, description, price, qty, active, meta'
const argon = { type: argon2.argon2id, memoryCost: 19456, timeCost: 2, parallelism: 1 }

function seal(claims) {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(header))
  const text = Buffer.concat([cipher.update(JSON.stringify(claims)), cipher.final()])
  return [header, '', ...[iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.')
}
function open(authorization) {
  try {
    const [head, , iv, text, tag] = authorization.slice(7).split('.')
    if (head !== header) throw new Error('header')
    const cipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url')).setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'))
    const claims = JSON.parse(cipher.update(Buffer.from(text, 'base64url'), undefined, 'utf8') + cipher.final('utf8'))
    if (claims.exp < Date.now() / 1000) throw new Error('expired')
    return claims
  } catch {
    throw Object.assign(new Error('Unauthorized'), { statusCode: 401 })
  }
}

const app = Fastify()
app.get('/hello', async () => ({ hello: 'world' }))
app.get('/item/:id', async (request, reply) => {
  const [row] = await rows('get', `select ${columns} from item where id = $1`, [Number(request.params.id)])
  return row ?? reply.code(404).send({ code: 'ERROR_CODE_NOT_FOUND' })
})
app.get('/item', async (request) => {
  const page = Math.max(1, Number(request.query.page) || 1)
  const perPage = Math.min(100, Number(request.query.per_page) || 20)
  const items = await rows('list', `select ${columns} from item order by id limit $1 offset $2`, [perPage, (page - 1) * perPage])
  return { items, curPage: page, perPage }
})
app.post('/item', async (request) => {
  const { name, description, price, qty, active, meta } = request.body
  return (
    await rows('insert', `insert into item (name, description, price, qty, active, meta) values ($1,$2,$3,$4,$5,$6) returning ${columns}`, [
      name,
      description,
      price,
      qty,
      active,
      meta,
    ])
  )[0]
})
app.get('/auth/me', async (request) => {
  const { sub } = open(request.headers.authorization ?? '')
  return (await rows('me', 'select id, created_at, name, email from users where id = $1', [sub]))[0]
})
app.post('/auth/login', async (request, reply) => {
  const [user] = await rows('login', 'select id, password from users where email = $1', [request.body.email])
  if (!user || !(await argon2.verify(user.password, request.body.password))) return reply.code(403).send({ message: 'Invalid Credentials.' })
  return { authToken: seal({ sub: user.id, exp: Math.floor(Date.now() / 1000) + 86400 }) }
})
app.get('/hash', async () => argon2.hash('Secret-password-1', argon))
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
process.on('SIGTERM', () =>
  app
    .close()
    .then(() => pool.end())
    .then(() => process.exit(0)),
)
